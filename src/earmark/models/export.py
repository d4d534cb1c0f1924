"""Write a fitted model or space as one ONNX graph (extra ``train``)."""

from earmark.models._export import export_onnx
from earmark.models._export_space import export_space

__all__ = ["export_onnx", "export_space"]
