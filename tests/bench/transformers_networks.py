# SPDX-License-Identifier: Apache-2.0
"""Networks of transformers at full size, of random weights: times do not depend on them."""

from dataclasses import dataclass
from typing import Callable

import torch
import transformers

SEED = 0


@dataclass
class Network:
    make: Callable  # the network
    processor: Callable  # and how its images are prepared
    outputs: tuple  # which of its outputs are answers, the first of them the one that is compared
    size: tuple  # height and width that it is measured at
    any_size: bool = False  # the network takes others


def _dinov2():
    return transformers.Dinov2Model(transformers.Dinov2Config(
        hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14))


def _bit(side):
    return lambda: transformers.BitImageProcessorPil(
        size={"shortest_edge": side * 8 // 7}, crop_size={"height": side, "width": side},
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])


def _clip(patch):
    return lambda: transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(patch_size=patch))


def _yolos_tiny():
    return transformers.YolosForObjectDetection(transformers.YolosConfig(
        hidden_size=192, num_attention_heads=3, intermediate_size=768, image_size=[800, 1333], num_labels=91,
        use_mid_position_embeddings=False))


def _resnet(**sizes):
    return {"use_timm_backbone": False, "backbone": None, "use_pretrained_backbone": False,
            "backbone_config": transformers.ResNetConfig(out_features=["stage4"], **sizes)}


def _table_transformer():
    resnet18 = _resnet(layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512])
    return transformers.TableTransformerForObjectDetection(transformers.TableTransformerConfig(
        num_queries=15, num_labels=2, **resnet18))


def _detr():
    return transformers.DetrForObjectDetection(transformers.DetrConfig(num_labels=91, **_resnet()))


_BOXES = ("logits", "pred_boxes")
_FEATURES = ("pooler_output", "last_hidden_state")
NETWORKS = {
    "dinov2-small-224": Network(_dinov2, _bit(224), _FEATURES, (224, 224)),
    "dinov2-small-518": Network(_dinov2, _bit(518), _FEATURES, (518, 518)),
    "clip-vit-base-patch32": Network(_clip(32), transformers.CLIPImageProcessorPil, ("image_embeds",), (224, 224)),
    "clip-vit-base-patch16": Network(_clip(16), transformers.CLIPImageProcessorPil, ("image_embeds",), (224, 224)),
    "yolos-tiny": Network(_yolos_tiny, transformers.YolosImageProcessorPil, _BOXES, (512, 864), True),
    "table-transformer": Network(_table_transformer, transformers.DetrImageProcessorPil, _BOXES, (800, 1066), True),
    "detr-resnet-50": Network(_detr, transformers.DetrImageProcessorPil, _BOXES, (800, 1066), True),
}


def write_checkpoint(network, folder):
    """As it lies on the hub."""
    torch.manual_seed(SEED)
    network.make().eval().save_pretrained(folder)
    network.processor().save_pretrained(folder)


def write_onnx(network, checkpoint, output):
    """The checkpoint at the size that is measured."""
    whole = type(network.make()).from_pretrained(checkpoint, attn_implementation="eager").eval()

    class Answers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.whole = whole

        def forward(self, pixels):
            found = self.whole(pixel_values=pixels)
            return tuple(found[name] for name in network.outputs)

    torch.onnx.export(Answers(), (torch.zeros(1, 3, *network.size),), output, input_names=["pixels"],
                      output_names=list(network.outputs), opset_version=17, dynamo=False)
