"""Writing a fitted model or space as one ONNX graph (extra ``train``)."""

from earmark.models._onnx._export import export_onnx
from earmark.models._onnx._spaces import export_space

__all__ = ["export_onnx", "export_space"]
