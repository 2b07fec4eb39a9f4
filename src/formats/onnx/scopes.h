// Where a node or a tensor of a graph stands in the tree of modules. A graph has none: names tell it.
//
//   node "/blocks/blocks.0/conv/Conv" (torch.onnx from TorchScript)     blocks.0.conv: a scope repeats the one above it
//   node with pkg.torch.onnx.name_scopes ['', 'att', 'att.q', 'linear'] att.q: whole paths, the operator last
//     and pkg.torch.onnx.class_hierarchy (torch.onnx with dynamo)       their classes, in the same order
//   tensor "att.q.bias"                                                 att.q
//   tensor "model/dense/kernel:0" (TensorFlow)                          model.dense
//   tensor "onnx::MatMul_69", "val_27" (made by an exporter)            that of the first node that takes it
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// The module of a node with this name; "" where it tells none.
std::string onnx_scope_of_node(std::string_view name);

// Whether the name of a tensor tells where it belongs.
bool has_onnx_scope(std::string_view tensor);
// The dotted path of such a tensor.
std::string onnx_path_of(std::string_view tensor);

// Whether an exporter made up the name: "onnx::Conv_12", "val_27", "Constant_3", "412", "/act/Constant_output_0".
bool is_onnx_generated(std::string_view name);

// The items of a list of text as Python writes it: "['', 'att']".
std::vector<std::string> python_list(std::string_view text);

}  // namespace weigh
