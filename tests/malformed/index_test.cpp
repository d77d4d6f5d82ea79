// SPDX-License-Identifier: Apache-2.0
// Shard indexes that contradict their shards or reach outside of their folder.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "support/malformed.h"
#include "support/temp_folder.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

std::string shard_with(std::string_view tensor) {
  return safetensors_file(
      "{\"" + std::string(tensor) + "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      8);
}

// A folder with the sound shards 1.safetensors (tensor a) and 2.safetensors (tensor b).
class Shards {
 public:
  Shards() {
    folder_.file("1.safetensors", shard_with("a"));
    folder_.file("2.safetensors", shard_with("b"));
  }

  const fs::path& path() const { return folder_.path(); }

  fs::path index(std::string_view weight_map) const {
    return folder_.file("model.safetensors.index.json",
                        "{\"weight_map\":" + std::string(weight_map) + "}");
  }

  void refuse(std::string_view weight_map, std::initializer_list<std::string_view> parts) const {
    const fs::path path = index(weight_map);
    const Refusal found = refusal_of([&] { (void)read_safetensors_index(path); });
    CHECK(found.fault == Fault::kMalformed);
    check_parts(found.message, {path.string()});
    check_parts(found.message, parts);
  }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("index: the builders make a sound index, so that each case breaks one thing") {
  const Shards shards;
  CHECK(read_safetensors_index(shards.index(R"({"a":"1.safetensors","b":"2.safetensors"})"))
            .tensors.size() == 2);
}

TEST_CASE("index: what is no map from tensors to files is refused at its place") {
  const Shards shards;
  shards.refuse("[]", {"$.weight_map: expected an object, found an array"});
  shards.refuse("{}", {"$.weight_map: expected tensors, found none"});
  shards.refuse(R"({"a":1})", {"$.weight_map.a: expected a string, found 1"});
  shards.refuse(R"({"a":"1.safetensors","a":"2.safetensors"})", {"the key \"a\" occurs twice"});
  shards.refuse("{", {"not valid JSON"});
  const TempFolder folder;
  const auto path = folder.file("i.json", "{\"metadata\":{}}");
  check_parts(refusal_of([&] { (void)read_safetensors_index(path); }).message,
              {"i.json: $: expected a member \"weight_map\", found none"});
}

TEST_CASE("index: a shard that is not a plain file name is refused before anything is opened") {
  const Shards shards;
  for (const std::string_view name :
       {"/etc/passwd", "../1.safetensors", "..", ".", "", "sub/1.safetensors", "./1.safetensors",
        "a\\\\b", "..\\\\1.safetensors", "1.safetensors\\u0000", "1\\n.safetensors"}) {
    CAPTURE(name);
    shards.refuse("{\"a\":\"" + std::string(name) + "\"}",
                  {"$.weight_map.a: expected the plain name of a file beside the index, found"});
  }
  shards.refuse("{\"a\":\"" + std::string(256, 'x') + "\"}", {"plain name"});
}

TEST_CASE("index: a link that leaves the folder is refused, one that stays is followed") {
  const Shards shards;
  const TempFolder outside;
  fs::create_symlink(outside.file("x", shard_with("a")), shards.path() / "out");
  fs::create_symlink("1.safetensors", shards.path() / "in");
  CHECK_NOTHROW((void)read_safetensors_index(shards.index(R"({"a":"in"})")));
  const fs::path index = shards.index(R"({"a":"out"})");
  const Refusal found = refusal_of([&] { (void)read_safetensors_index(index); });
  CHECK(found.fault == Fault::kMalformed);
  check_parts(found.message, {"out: found a link to", "expected a file in the folder of"});
}

TEST_CASE("index: in the hub's cache all files are links to one folder, and shards may lie there") {
  const Shards shards;
  const fs::path blobs = shards.path() / "blobs";
  const fs::path snapshot = shards.path() / "snapshots" / "1f2e";
  fs::create_directories(blobs);
  fs::create_directories(snapshot);
  std::ofstream(blobs / "aa", std::ios::binary) << shard_with("a");
  std::ofstream(blobs / "bb") << R"({"weight_map":{"a":"model-1.safetensors"}})";
  fs::create_symlink("../../blobs/aa", snapshot / "model-1.safetensors");
  fs::create_symlink("../../blobs/bb", snapshot / "model.safetensors.index.json");
  const fs::path index = snapshot / "model.safetensors.index.json";
  CHECK(read_safetensors_index(index).find("a") != nullptr);
  // Elsewhere it may not.
  const TempFolder outside;
  fs::remove(snapshot / "model-1.safetensors");
  fs::create_symlink(outside.file("x", shard_with("a")), snapshot / "model-1.safetensors");
  const Refusal found = refusal_of([&] { (void)read_safetensors_index(index); });
  check_parts(found.message, {"found a link to"});
}

TEST_CASE("index: a missing shard is unreadable and named with its index") {
  const Shards shards;
  const fs::path index = shards.index(R"({"a":"3.safetensors"})");
  const Refusal found = refusal_of([&] { (void)read_safetensors_index(index); });
  CHECK(found.fault == Fault::kUnreadable);
  check_parts(found.message, {"3.safetensors: cannot open this shard of", index.string()});
}

TEST_CASE("index: tensors missing from their shard, in two shards, or in no list are refused") {
  const Shards shards;
  shards.refuse(R"({"a":"2.safetensors","b":"2.safetensors"})",
                {"the tensor \"a\" is expected in 2.safetensors, which does not have it"});
  std::ofstream(shards.path() / "2.safetensors", std::ios::binary) << shard_with("a");
  shards.refuse(R"({"a":"1.safetensors","b":"2.safetensors"})", {"\"b\" is expected in 2.safet"});
  const std::string both =
      safetensors_file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                       8);
  std::ofstream(shards.path() / "2.safetensors", std::ios::binary) << both;
  shards.refuse(R"({"a":"1.safetensors","b":"2.safetensors"})",
                {"2.safetensors has the tensor \"a\"", "in another shard or not at all"});
  shards.refuse(R"({"b":"2.safetensors"})", {"2.safetensors has the tensor \"a\""});
}

TEST_CASE("index: a broken shard is named itself") {
  const Shards shards;
  std::ofstream(shards.path() / "1.safetensors", std::ios::binary) << "short";
  const fs::path index = shards.index(R"({"a":"1.safetensors"})");
  check_parts(refusal_of([&] { (void)read_safetensors_index(index); }).message,
              {"1.safetensors: byte 0", "5 bytes"});
}

TEST_CASE("index: more than a thousand shards are refused as a limit") {
  const Shards shards;
  std::string map = "{";
  for (int i = 0; i <= 1000; ++i) {
    const std::string number = std::to_string(i);
    map += (i > 0 ? ",\"t" : "\"t") + number + "\":\"s" + number + "\"";
  }
  const fs::path index = shards.index(map + "}");
  CHECK_THROWS_WITH_AS((void)read_safetensors_index(index),
                       (index.string() + ": $.weight_map: 1001 shards, at most 1000").c_str(),
                       LimitError);
}
