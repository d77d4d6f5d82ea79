# SPDX-License-Identifier: Apache-2.0
"""The peers' own quantizers, as their documentation says to use them. Each writes a model to `output`; those
that calibrate do it on `pixels`, a list of network inputs."""

import logging

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

logging.getLogger().setLevel(logging.ERROR)  # ONNX Runtime's advises a step that changes nothing here


def dynamic_onnx(model, output):
    """Every product with weights by integers, ranges found as it runs."""
    quantize_dynamic(model, output, per_channel=True, weight_type=QuantType.QInt8,
                     op_types_to_quantize=["MatMul", "Attention"],
                     extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT})


def static_onnx(model, output, pixels, operators=None):
    """These operators by integers, per channel; without a list all that it can."""
    quantize_static(model, output, _Reader(pixels), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=operators)


def static_openvino(model, output, pixels):
    """NNCF's preset for transformers, but without smoothing of activations: that costs DeiT-Tiny 5 dB."""
    import nncf
    import openvino
    plain = nncf.AdvancedSmoothQuantParameters(convolution=-1, matmul=-1)
    quantized = nncf.quantize(openvino.Core().read_model(model), nncf.Dataset(pixels),
                              preset=nncf.QuantizationPreset.MIXED, model_type=nncf.ModelType.TRANSFORMER,
                              subset_size=len(pixels), advanced_parameters=nncf.AdvancedQuantizationParameters(
                                  smooth_quant_alphas=plain))
    openvino.save_model(quantized, output, compress_to_fp16=False)


class _Reader(CalibrationDataReader):
    def __init__(self, pixels):
        self._rest = iter(pixels)

    def get_next(self):
        found = next(self._rest, None)
        return None if found is None else {"pixels": found}
