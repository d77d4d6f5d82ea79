// SPDX-License-Identifier: Apache-2.0
// vit_convert's summary and what vit_inspect says of models and other safetensors files.
#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("vit_convert says on standard error what it has made, and nothing else") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const Result result = run("vit_convert", {golden("hf_vit_sharded"), "-o", out});
  CHECK(result.code == 0);
  CHECK(result.out.empty());
  CHECK(result.err.find("input          16 x 16") != std::string::npos);
  CHECK(result.err.find("labels         10") != std::string::npos);
  CHECK(result.err.find("assumed") == std::string::npos);
}

TEST_CASE("vit_convert says what it had to assume") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const Result result = run("vit_convert", {golden("fb_deit") / "model.safetensors", "-o", out,
                                            "--arch", "deit", "--heads", "2"});
  CHECK(result.code == 0);
  CHECK(result.err.find("assumed        preprocessing fb-deit") != std::string::npos);
}

TEST_CASE("vit_convert tells keys that it does not know") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const std::string file = temp.file("p.json", R"({"size": 16, "blur": 2, "do_pad": true})");
  const Result result = run("vit_convert", {golden("hf_vit"), "-o", out, "--preprocessor", file});
  CHECK(result.code == 0);
  CHECK(result.err.find("unknown key    " + file + ": $.blur") != std::string::npos);
  CHECK(result.err.find("do_pad") == std::string::npos);
}

TEST_CASE("vit_inspect shows a model's network and tensors, in text and JSON") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const Result text = run("vit_inspect", {model});
  CHECK(text.code == 0);
  CHECK(text.out.find("dim 24, depth 2, heads 3") != std::string::npos);
  CHECK(text.out.find("blocks.1.mlp.fc2.weight") != std::string::npos);

  const Result result = run("vit_inspect", {model, "-f", "json", "--verify"});
  CHECK(result.code == 0);
  const Json json = Json::parse(result.out, "inspect");
  CHECK(json.at("family").string() == "vit");
  CHECK(json.at("verified").boolean());
  CHECK(json.at("labels").items().size() == 10);
  std::int64_t parameters = 0;
  for (const Json& tensor : json.at("tensors").items()) {
    std::int64_t elements = 1;
    for (const Json& extent : tensor.at("shape").items()) elements *= extent.integer(1, 1000);
    CHECK(tensor.at("bytes").integer(4, 1 << 20) == 4 * elements);
    parameters += elements;
  }
  CHECK(json.at("parameters").integer(1, 1 << 20) == parameters);
  // Patches; per layer qkv, scores, values, projection and two of the MLP; the head.
  const std::int64_t t = 17;
  const std::int64_t d = 24;
  CHECK(json.at("macs").integer(1, 1 << 30) ==
        16 * d * 48 + 2 * (t * d * 3 * d + 2 * t * t * d + t * d * d + 2 * t * d * 48) + 10 * d);
}

TEST_CASE("vit_inspect draws the graph, of converted models only") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const Result dot = run("vit_inspect", {model, "--graph", "dot"});
  CHECK(dot.out.starts_with("digraph"));
  const Result text = run("vit_inspect", {model, "--graph", "text"});
  CHECK(text.out.find("logits = %") != std::string::npos);
  check_refused(run("vit_inspect", {golden("hf_vit") / "model.safetensors", "--graph", "dot"}), 4,
                "vit_convert");
}

TEST_CASE("vit_inspect lists any safetensors file and all shards of an index") {
  const Result file = run("vit_inspect", {golden("hf_vit") / "model.safetensors"});
  const Result shards =
      run("vit_inspect", {golden("hf_vit_sharded") / "model.safetensors.index.json"});
  CHECK(file.code == 0);
  CHECK(shards.code == 0);
  const auto tensors = [](const Result& result) {
    return result.out.substr(result.out.find("\ntensor "));
  };
  CHECK(tensors(file) == tensors(shards));
  CHECK(file.out.find("vit.embeddings.cls_token") != std::string::npos);
}
