// Every bound on hostile input, its default and its reason. Nothing else in the project holds such a number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weigh {

struct Limits {
  // The safetensors format's own cap on its header.
  std::uint64_t json_header_bytes = 100'000'000;
  // A config.json or an index: the largest known (a trillion parameters) is 30 MB.
  std::uint64_t json_file_bytes = 256'000'000;

  // Ten times the largest checkpoint known.
  std::uint64_t tensors = 10'000'000;
  std::uint64_t name_bytes = 65'536;
  std::uint32_t dimensions = 64;
  // Dots in a name become modules: a name of a million dots would become a million of them.
  std::uint32_t module_depth = 256;

  // A vocabulary of a million tokens with its merges takes 50 MB.
  std::uint64_t gguf_header_bytes = std::uint64_t{1} << 30;
  std::uint64_t gguf_facts = 1'000'000;
  // Known files hold flat arrays only.
  std::uint32_t gguf_array_depth = 4;
  std::uint64_t gguf_alignment = std::uint64_t{1} << 20;

  // Of an ONNX file what is no weight: nodes, names, shapes. The largest known are some hundred MB.
  std::uint64_t onnx_graph_bytes = std::uint64_t{1} << 30;
  std::uint64_t onnx_nodes = 5'000'000;
  // Graphs in nodes of graphs. Google's own reader of protocol buffers stops at 100 messages.
  std::uint32_t onnx_depth = 50;

  std::uint64_t zip_entries = 10'000'000;
  // What may be inflated from one archive. PyTorch never compresses its records, so this is generous.
  std::uint64_t inflated_bytes = std::uint64_t{256} << 20;
  // DEFLATE cannot do better than 1032:1; more is a lie.
  std::uint64_t inflate_ratio = 1'032;

  // The pickle of ten million tensors, which takes about forty opcodes and two objects for each.
  std::uint64_t pickle_bytes = std::uint64_t{2} << 30;
  std::uint64_t pickle_opcodes = 400'000'000;
  std::uint64_t pickle_objects = 40'000'000;
  std::uint64_t pickle_memo = 100'000'000;
  std::uint64_t pickle_stack = 10'000'000;
  // Nodes that are looked at again and again (a subclass's state, for its bytes).
  std::uint64_t pickle_walk = 50'000'000;

  // NumPy refuses more than 10,000 unless it is told otherwise; more is there for records of many fields.
  std::uint64_t npy_header_bytes = std::uint64_t{1} << 20;
  // Records in records.
  std::uint32_t npy_record_depth = 32;

  // What is looked at of a .tflite file: tables, names and shapes, never weights. A network of a million operators
  // takes a hundred megabytes.
  std::uint64_t flatbuffer_bytes = std::uint64_t{1} << 30;

  // The index of a TensorFlow checkpoint: a hundred bytes for a tensor, and the graph of its objects in one block.
  std::uint64_t sstable_bytes = std::uint64_t{2} << 30;
  std::uint64_t sstable_block_bytes = std::uint64_t{256} << 20;
  // A SavedModel's graph without its constants; the largest known take some tens of megabytes.
  std::uint64_t saved_model_bytes = std::uint64_t{2} << 30;
  std::uint64_t tracked_objects = 10'000'000;

  // The classes of one Python module as TorchScript writes them; the largest known are some hundred KB.
  std::uint64_t script_code_bytes = std::uint64_t{16} << 20;

  // What is read of an HDF5 file: tables, headers, names and texts. About 600 bytes for each data set.
  std::uint64_t hdf5_bytes = std::uint64_t{512} << 20;
  // Nodes of an OCDBT database, as they lie and inflated. A hundred bytes for each chunk of an array.
  std::uint64_t ocdbt_bytes = std::uint64_t{512} << 20;
  // Keys of these nodes, written out: each tells only what differs from the one before.
  std::uint64_t ocdbt_key_bytes = std::uint64_t{4} << 30;
  // Maps, arrays, keys and values of a msgpack file: a tensor takes about ten.
  std::uint64_t msgpack_items = 100'000'000;

  std::uint32_t shards = 100'000;
  std::uint32_t sections = 1'000;
};

// What a report shows of a model; all else is told as "n more". A box takes 500 bytes of the page, a row 600; a browser
// lays out some thousand of them at once.
struct ReportLimits {
  std::size_t boxes = 1'000;
  std::size_t boxes_of_one = 120;  // in one other
  std::uint32_t depth = 40;        // of boxes in boxes: browsers flatten what is nested deeper than 512 elements
  std::size_t rows = 3'000;
  std::size_t lines = 100;  // of a list: notes, tensors that are not initialised
  std::size_t models = 24;  // with a part of their own; of the others there is a line
};

}  // namespace weigh
