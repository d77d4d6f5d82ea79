// SPDX-License-Identifier: Apache-2.0
#include "quantize/trade_off_charts.h"

#include <algorithm>
#include <set>

#include "common/table.h"
#include "draw/svg.h"
#include "quantize/layer_charts.h"

namespace vitq::apps {

namespace {

using Point = TradeOff::Point;
using Bar = TradeOff::Bar;

constexpr SvgRect kPlot = {64.0, 16.0, 680.0, 340.0};

std::string rounded(double value) {
  return significant(value, 3);
}

double cost_of(const Point& point) {
  return point.cost / 1e6;
}

// A logarithm has no place for 0, which a loss too small to be measured may be. It stands at
// the least of the others.
class LossScale {
 public:
  LossScale(std::vector<double> values, Scale::Room room)
      : min_(min_positive(values)), scale_(Scale::logarithmic(raised(values), room)) {}

  double operator()(double loss) const { return scale_(loss > 0.0 ? loss : min_); }
  const std::vector<double>& ticks() const { return scale_.ticks(); }

 private:
  static double min_positive(const std::vector<double>& values) {
    double min = 0.0;
    for (const double value : values) {
      if (value > 0.0 && (min == 0.0 || value < min)) min = value;
    }
    return min > 0.0 ? min : 1e-9;
  }
  std::vector<double> raised(std::vector<double>& values) const {
    for (double& value : values) value = std::max(value, min_);
    return values;
  }

  double min_;
  Scale scale_;
};

std::vector<Point> all_points(const TradeOff& trade_off) {
  std::vector<Point> points = trade_off.front;
  points.insert(points.end(), trade_off.uniform.begin(), trade_off.uniform.end());
  points.push_back(trade_off.chosen);
  return points;
}

class FrontPlot {
 public:
  FrontPlot(const std::vector<Point>& points, std::string unit, std::string loss)
      : svg_({768.0, 410.0}, Svg::Fit::kKeep, "Loss against " + unit),
        unit_(std::move(unit)),
        loss_(std::move(loss)),
        x_(Scale::linear(sizes(points), {kPlot.x, kPlot.x + kPlot.width})),
        y_(losses(points), {kPlot.y + kPlot.height, kPlot.y}) {}

  void axes(const std::string& cost, const std::string& loss) {
    const double bottom = kPlot.y + kPlot.height;
    const double right = kPlot.x + kPlot.width;
    for (const double tick : x_.ticks()) {
      svg_.line({x_(tick), kPlot.y}, {x_(tick), bottom}, "grid");
      svg_.text({x_(tick), bottom + 18.0}, "mid", rounded(tick));
    }
    for (const double tick : y_.ticks()) {
      svg_.line({kPlot.x, y_(tick)}, {right, y_(tick)}, "grid");
      svg_.text({kPlot.x - 8.0, y_(tick) + 4.0}, "end", rounded(tick));
    }
    svg_.text({kPlot.x + kPlot.width / 2.0, bottom + 42.0}, "mid axis", cost + ", " + unit_);
    // A front that falls to the right leaves room here.
    svg_.text({right - 8.0, kPlot.y + 14.0}, "end axis", loss);
  }

  void front(std::vector<Point> points) {
    std::ranges::sort(points, {}, &Point::cost);
    std::vector<Spot> spots;
    for (const Point& point : points) spots.push_back(spot(point));
    svg_.path(spots, "front");
    for (const Point& point : points) svg_.circle(spot(point), 2.5, "dot", title(point));
  }

  void uniform(const Point& point) {
    const Spot at = spot(point);
    svg_.circle(at, 5.0, "uniform", title(point));
    const bool near_edge = at.x > kPlot.x + 0.85 * kPlot.width;
    svg_.text({at.x + (near_edge ? -10.0 : 10.0), at.y - 6.0}, near_edge ? "end" : "start",
              point.label);
  }

  // It stands below the front, where nothing else is.
  void chosen(const Point& point) {
    const Spot at = spot(point);
    svg_.circle(at, 7.5, "chosen", title(point));
    constexpr double kRoomOfLabel = 80.0;
    const bool near_edge = at.x < kPlot.x + kRoomOfLabel;
    const double below = std::min(at.y + 24.0, kPlot.y + kPlot.height - 6.0);
    svg_.text({at.x + (near_edge ? -6.0 : -10.0), below}, near_edge ? "start strong" : "end strong",
              point.label);
  }

  std::string str() const { return svg_.str(); }

 private:
  static std::vector<double> sizes(const std::vector<Point>& points) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(cost_of(point));
    return values;
  }
  static std::vector<double> losses(const std::vector<Point>& points) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(point.loss);
    return values;
  }
  std::string title(const Point& point) const {
    const std::string name = point.label.empty() ? "" : point.label + ": ";
    return name + fixed(cost_of(point), 2) + " " + unit_ + ", " + loss_ + " " + rounded(point.loss);
  }
  Spot spot(const Point& point) const { return {x_(cost_of(point)), y_(point.loss)}; }

  Svg svg_;
  std::string unit_;
  std::string loss_;
  Scale x_;
  LossScale y_;
};

// The longest comes first, so that each bar stays visible on those before it.
std::string layer_bars(std::vector<Bar> bars, const LossScale& scale, const std::string& loss) {
  std::ranges::sort(bars, std::ranges::greater{}, &Bar::loss);
  Svg svg({100.0, 10.0}, Svg::Fit::kStretch, "");
  svg.rect({0.0, 1.0, 100.0, 8.0}, "room");
  for (const Bar& bar : bars) {
    svg.rect({0.0, 1.0, scale(bar.loss), 8.0}, bits_class(bar.bits),
             std::to_string(bar.bits) + " bits: " + loss + " " + rounded(bar.loss));
  }
  return svg.str();
}

std::string drawn_front(const TradeOff& trade_off) {
  FrontPlot plot(all_points(trade_off), trade_off.unit, trade_off.loss);
  plot.axes(trade_off.cost, trade_off.loss_axis);
  plot.front(trade_off.front);
  for (const Point& point : trade_off.uniform) plot.uniform(point);
  plot.chosen(trade_off.chosen);
  return plot.str();
}

// These are the page's light colours, because not every viewer of SVG files knows variables.
constexpr std::string_view kFileStyle =
    R"(<style>svg{background:#fff}text{fill:#1c2430;font:12px system-ui,sans-serif}
.axis{fill:#5c6878}.mid{text-anchor:middle}.end{text-anchor:end}
.strong{font-weight:700;fill:#c2410c}
.grid{stroke:#dde2e8}.front{fill:none;stroke:#2563a8;stroke-width:1.5}.dot{fill:#2563a8}
.uniform{fill:#fff;stroke:#1c2430;stroke-width:1.5}.chosen{fill:#c2410c;stroke:#fff;stroke-width:2}
</style><rect width="100%" height="100%" fill="#fff"/>)";

}  // namespace

std::string front_plot(const TradeOff& trade_off) {
  return "<div class=\"scroll\"><div class=\"plot\">" + drawn_front(trade_off) + "</div></div>";
}

std::string front_file(const TradeOff& trade_off) {
  std::string text = drawn_front(trade_off);
  text.insert(text.find('>') + 1, kFileStyle);
  text.insert(text.find(' '), " xmlns=\"http://www.w3.org/2000/svg\"");
  return text + "\n";
}

std::string sensitivity_bars(const TradeOff& trade_off) {
  std::vector<std::string> order;
  std::set<int> seen;
  std::vector<double> losses;
  for (const Bar& bar : trade_off.sensitivities) {
    if (std::ranges::find(order, bar.layer) == order.end()) order.push_back(bar.layer);
    seen.insert(bar.bits);
    losses.push_back(bar.loss);
  }
  if (order.empty()) return "";
  const LossScale scale(losses, {4.0, 100.0});
  std::vector<BarRow> rows;
  for (const std::string& layer : order) {
    std::vector<Bar> bars;
    std::ranges::copy_if(trade_off.sensitivities, std::back_inserter(bars),
                         [&](const Bar& bar) { return bar.layer == layer; });
    const double max = std::ranges::max(bars, {}, &Bar::loss).loss;
    rows.push_back({layer, layer_bars(bars, scale, trade_off.loss), rounded(max)});
  }
  const std::vector<int> bits(seen.begin(), seen.end());
  return bits_legend(bits) + bar_rows(rows);
}

}  // namespace vitq::apps
