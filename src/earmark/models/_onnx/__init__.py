"""Writing a fitted model as one ONNX graph (extra ``train``)."""

from earmark.models._onnx._export import export_onnx

__all__ = ["export_onnx"]
