# SPDX-License-Identifier: Apache-2.0
"""Golden DETRs and their kin, run by transformers: with its own backbone's names, timm's, the module names
of transformers 5, and Facebook's. The first networks are one and the same; the answers are those for a batch
of two pictures, with the decoder's attention to them, and for the same batch with the second picture
padded."""

import json
from dataclasses import dataclass, field

import timm
import torch
import transformers
from safetensors.torch import save_file

import lively
import record


@dataclass
class DetrModel:
    name: str
    seed: int
    names: str  # own, timm, modules or facebook
    size: tuple = (98, 140)  # height, width
    inside: tuple = (66, 130)  # of the second picture, padded
    dilation: bool = False  # of the last stage, instead of its stride: DC5; the backbone is timm's
    changes: dict = field(default_factory=dict)  # to the tiny configuration all of these share
    backbone: dict = field(default_factory=dict)  # to that of the backbone
    peak: float = 2.5  # of the attention, as lively.check() takes it
    kind: str = "detr"  # its model_type
    timm: str = ""  # the backbone below that is timm's; otherwise it is transformers' own
    classes: int = 10


KINDS = {
    "detr": (transformers.DetrConfig, transformers.DetrForObjectDetection, "DetrImageProcessor"),
    "table-transformer": (transformers.TableTransformerConfig,
                          transformers.TableTransformerForObjectDetection, "DetrImageProcessor"),
    "conditional_detr": (transformers.ConditionalDetrConfig,
                         transformers.ConditionalDetrForObjectDetection, "ConditionalDetrImageProcessor"),
}
TINY = {"d_model": 16, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 24,
        "decoder_ffn_dim": 20, "encoder_layers": 1}
BASIC = {"layer_type": "basic", "hidden_sizes": [8, 4, 6, 8]}

MODELS = [
    DetrModel("hf_detr", 301, "own"),
    DetrModel("hf_detr_timm", 302, "timm", (129, 96), (129, 60)),
    DetrModel("hf_detr_v5", 301, "modules"),
    DetrModel("fb_detr", 304, "facebook"),
    DetrModel("hf_detr_dc5", 305, "own", dilation=True, timm="resnet50_tiny"),
    # Keys that no tensor shows, at other values than their defaults.
    DetrModel("hf_detr_keys", 306, "own", (66, 98), (50, 70), changes={
        "auxiliary_loss": True, "activation_function": "gelu", "decoder_attention_heads": 4,
        "decoder_ffn_dim": 40}, peak=2.0),
    DetrModel("hf_detr_backbone", 307, "own", (66, 98), (50, 70), backbone={
        "hidden_act": "gelu", "downsample_in_bottleneck": True, "downsample_in_first_stage": True},
        peak=1.1),
    # Basic blocks, as ResNet-18 and 34 have.
    DetrModel("hf_detr_dc5_basic", 308, "own", (34, 66), (34, 40), dilation=True, timm="resnet18_tiny",
              peak=1.5, changes=TINY),
    DetrModel("hf_table_transformer", 309, "own", (34, 66), (34, 40), timm="resnet18_tiny", peak=1.3,
              kind="table-transformer", classes=2, changes={**TINY, "num_queries": 5}),
    DetrModel("hf_conditional_detr", 310, "own", (34, 66), (34, 40), backbone=BASIC, peak=1.3,
              kind="conditional_detr", changes={**TINY, "num_queries": 13, "decoder_attention_heads": 2}),
    DetrModel("hf_conditional_detr_v5", 311, "modules", (34, 66), (34, 40), backbone=BASIC, peak=1.3,
              kind="conditional_detr", classes=3, changes={**TINY, "auxiliary_loss": True, "num_queries": 3}),
]

BACKBONE = {"embedding_size": 8, "hidden_sizes": [16, 24, 32, 40], "depths": [2, 1, 1, 1],
            "layer_type": "bottleneck", "out_features": ["stage4"]}
SIZE = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 8,
        "decoder_attention_heads": 8, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "num_queries": 6}


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    model = _build(spec)
    state = {name: value.contiguous() for name, value in _named(spec, model).items()}
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    if spec.names != "facebook":
        model.config.to_json_file(folder / "config.json")
        pipeline = {"image_processor_type": KINDS[spec.kind][2], "do_pad": True,
                    "size": {"shortest_edge": 48, "longest_edge": 80}}
        (folder / "preprocessor_config.json").write_text(json.dumps(pipeline, indent=2) + "\n")
    _write(spec, folder, _run(record.rounded(model, torch.float32), spec))


def _build(spec):
    names = record.labels(spec.classes)
    own = {} if spec.timm else {
        "use_timm_backbone": False, "backbone": None, "use_pretrained_backbone": False}
    configuration, network, _ = KINDS[spec.kind]
    config = configuration(
        **own, backbone_config=_backbone(spec), **{**SIZE, **spec.changes}, id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)})
    model = network(config)
    if spec.timm:  # whose sizes the tensors state
        model.config.backbone_config.backbone = spec.timm.removesuffix("_tiny")
    lively.fill(model, spec.seed)
    lively.fill_norms(model, spec.seed)
    return model


def _backbone(spec):
    if not spec.timm:
        return transformers.ResNetConfig(**{**BACKBONE, **spec.backbone})
    stride = {"output_stride": 16} if spec.dilation else {}
    return transformers.TimmBackboneConfig(backbone=spec.timm, out_indices=[1, 2, 3, 4], **stride)


@timm.models.register_model
def resnet50_tiny(pretrained=False, **kwargs):
    """timm's ResNet-50, except for its sizes."""
    return timm.models.resnet.resnet50(pretrained, layers=(1, 1, 1, 2), channels=(4, 6, 8, 10), **kwargs)


@timm.models.register_model
def resnet18_tiny(pretrained=False, **kwargs):
    """timm's ResNet-18, except for its sizes."""
    return timm.models.resnet.resnet18(pretrained, layers=(1, 1, 1, 2), channels=(8, 4, 6, 8), **kwargs)


def _named(spec, model):
    if spec.names == "modules":
        return model.state_dict()
    import tempfile
    from pathlib import Path
    from safetensors.torch import load_file
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        own = load_file(Path(scratch) / "model.safetensors")
    if spec.names == "own":
        return own
    timm = {_timm(name): value for name, value in own.items()}
    return timm if spec.names == "timm" else _facebook(timm)


def _timm(name):
    """transformers' own backbone's name as timm's."""
    root = "model.backbone.conv_encoder.model."
    if not name.startswith(root):
        return name
    parts = name.removeprefix(root).split(".")
    kind = "conv" if parts[-2] == "convolution" else "bn"
    if parts[0] == "embedder":
        return f"{root}{kind}1.{parts[-1]}"
    block = f"layer{int(parts[2]) + 1}.{parts[4]}"
    if parts[5] == "shortcut":
        return f"{root}{block}.downsample.{0 if kind == 'conv' else 1}.{parts[-1]}"
    return f"{root}{block}.{kind}{int(parts[6]) + 1}.{parts[-1]}"


FACEBOOK = [
    ("model.backbone.conv_encoder.model.", "backbone.0.body."),
    ("model.encoder.", "transformer.encoder."), ("model.decoder.layernorm.", "transformer.decoder.norm."),
    ("model.decoder.", "transformer.decoder."), ("model.query_position_embeddings.", "query_embed."),
    ("model.input_projection.", "input_proj."), ("class_labels_classifier.", "class_embed."),
    ("bbox_predictor.", "bbox_embed."), (".encoder_attn_layer_norm.", ".norm2."),
    (".encoder_attn.", ".multihead_attn."), (".self_attn_layer_norm.", ".norm1."),
    (".fc1.", ".linear1."), (".fc2.", ".linear2."),
]


def _facebook(timm):
    state = {}
    for name, value in timm.items():
        for old, new in FACEBOOK:
            name = name.replace(old, new)
        last = "norm2" if ".encoder.layers." in name else "norm3"
        state[name.replace("final_layer_norm", last)] = value
    for name in [name for name in state if ".q_proj." in name]:
        parts = [state.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        state[name.replace("q_proj.", "in_proj_")] = torch.cat(parts)
    return state


def _run(model, spec):
    height, width = spec.size
    pixels = lively.images((2, 3, height, width), spec.seed + 1000)
    mask = torch.zeros(2, height, width)
    mask[0] = 1
    mask[1, :spec.inside[0], :spec.inside[1]] = 1
    padded = pixels * mask[:, None]
    with torch.no_grad():
        model.set_attn_implementation("eager")
        whole = model(pixels.double(), output_attentions=True)
        part = model(padded.double(), pixel_mask=mask.long())
    print(lively.check(spec.name, whole.logits, whole.cross_attentions, spec.peak))
    attention = {f"attention.{layer}": maps for layer, maps in enumerate(whole.cross_attentions)}
    return {"input": pixels, "logits": whole.logits, "boxes": whole.pred_boxes, "mask": mask,
            "padded.logits": part.logits, "padded.boxes": part.pred_boxes, **attention}


def _write(spec, folder, run):
    if run["logits"].dtype != torch.float64:
        raise RuntimeError(f"{spec.name}: ran in {run['logits'].dtype}")
    tensors = {key: value.float().contiguous() for key, value in run.items()}
    save_file(tensors, folder / "expected.safetensors", record.metadata("transformers", spec))
