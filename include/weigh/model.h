// What a reader found: the module tree, its tensors, and notes. Plain values, the same for every format.
//
// Built for a million tensors: flat arrays and 32-bit indices, names as views into memory that the model owns. A Model
// can be moved, not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weigh/config.h"
#include "weigh/count.h"
#include "weigh/dtype.h"
#include "weigh/evidence.h"
#include "weigh/quantized.h"
#include "weigh/run.h"

namespace weigh {

using Index = std::uint32_t;
inline constexpr Index kNone = 0xFFFF'FFFF;

enum class Role : std::uint8_t { parameter, buffer };
enum class State : std::uint8_t {
  initialised,
  uninitialised,  // torch.nn.parameter.UninitializedParameter or UninitializedBuffer: no memory, perhaps no shape
  meta,           // a shape without data (device "meta")
  missing,        // named by an index, but the file that holds it is not there: nothing else is known
};
enum class RequiresGrad : std::uint8_t { not_recorded, no, yes };
enum class Mode : std::uint8_t { not_recorded, train, eval };
// How the elements lie in the file.
enum class Layout : std::uint8_t { strided, sparse, quantized, nested, other };

// An unknown extent: `in` of the layer "conv1".
struct Symbol {
  std::string_view name;
  Index layer = 0;  // the module whose extent it is
};

// What the caller said of an unknown size: weigh::set_sizes.
struct GivenSize {
  std::string name;  // "in", "conv1.in"
  std::uint64_t size = 0;
};

struct Tensor {
  std::string_view name;           // in its module: "weight"; Model::path_of tells the full name
  std::uint64_t stored_bytes = 0;  // bytes in the file; 0 for an uninitialised or meta tensor
  Index module = 0;                // the module that owns it
  Index next = kNone;              // the next tensor of the same module
  Index first_extent = 0;          // its shape is Model::extents[first_extent, first_extent + rank)
  Index tied_to = kNone;           // an earlier tensor that is the same memory; counted there, not here
  std::uint8_t rank = 0;           // kUnknownRank where not even that is known
  DType dtype = DType::unknown;
  Role role = Role::parameter;
  Evidence role_evidence = Evidence::assumed;
  State state = State::initialised;
  RequiresGrad requires_grad = RequiresGrad::not_recorded;
  Layout layout = Layout::strided;
  bool stored_apart = false;  // though tied, the file holds its elements once more
  bool of_experts = false;    // its first extent counts the experts of a layer, as a graph says

  static constexpr std::uint8_t kUnknownRank = 0xFF;
  bool rank_known() const { return rank != kUnknownRank; }
  bool role_recorded() const { return role_evidence == Evidence::recorded; }
};

struct Module {
  std::string_view name;  // in its parent: "0"; Model::path_of tells the full name
  std::string_view type;  // class name, "GATv2Conv"; "" where it is not recorded
  Index parent = kNone;
  Index first_child = kNone;
  Index last_child = kNone;
  Index next = kNone;  // the next child of the same parent
  Index first_tensor = kNone;
  Index last_tensor = kNone;
  Index alias_of = kNone;  // the same module object, registered earlier under another name; an alias owns nothing
  Mode mode = Mode::not_recorded;
  bool lazy = false;  // its class is a lazy one, or it owns an uninitialised tensor
};

// What a part of a file is. A file with one model has one section, its root the root of the tree.
enum class SectionKind : std::uint8_t {
  model,
  copy,             // the same names and shapes as another section (an exponential moving average): not in the totals
  optimizer_state,  // moments and steps: bytes, but not parameters; mostly without modules
};

struct Section {
  std::string_view name;  // the key it was found under: "state_dict", "ema"; may be ""
  SectionKind kind = SectionKind::model;
  Index root = 0;             // kNone for optimizer state that has no place in the tree
  std::uint64_t tensors = 0;  // of optimizer state
  std::uint64_t bytes = 0;    // of optimizer state
};

// An oddity that did not stop the reading. `code` is stable and lower-case ("uninitialized", "missing-shard"); `place`
// is a path in the model or the file; `message` tells what it means and what to do.
struct Note {
  std::string code;
  std::string place;
  std::string message;
};

// What a file with a graph tells of a quantised tensor: that an operator turns it back into weights, or takes it as a
// scale or a zero point. Where the file tells none, names do: src/analysis/quantized.h.
struct QuantizedTensor {
  Index tensor = 0;
  Part part = Part::overhead;
  Scheme scheme = Scheme::none;  // of packed weights
  std::uint64_t logical = 0;     // how many they are; QuantizedWeights::kUnknown where that is not told
};

// Where a tensor's elements lie in a file, as they are: of the tensor's dtype, little-endian unless the model's
// metadata say otherwise.
struct Location {
  Index file = kNone;        // of Model::files; kNone where they do not lie in one piece, or are no plain numbers
  std::uint64_t offset = 0;  // of the first element, in bytes
  std::vector<std::int64_t> strides;  // in elements; empty where they lie row by row
};

class Model {
 public:
  Model() : modules(1), sections(1) {}
  Model(Model&&) noexcept = default;
  Model& operator=(Model&&) noexcept = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() = default;

  std::string source;              // "gat.pt": what the reader was given
  std::string format;              // "PyTorch"
  std::string kind;                // "pickled module", "state dict", "Lightning checkpoint", "2 shards"; may be ""
  std::string architecture;        // class of the root, from the file or the config.json beside it; "" where not known
  bool is_live = false;            // a module of this process rather than a file
  std::uint64_t source_bytes = 0;  // size of the file, or of all shards
  std::vector<std::pair<std::string, std::string>> metadata;  // recorded facts worth showing: epoch, versions, …

  std::vector<Module> modules;  // [0] is the root; a parent stands before its children
  std::vector<Tensor> tensors;  // in the file's order
  std::vector<Extent> extents;  // of shapes; one run serves several tensors
  std::vector<Symbol> symbols;
  std::vector<GivenSize> given;  // which the file does not tell: numbers of the model hold for these
  // How many elements a nested tensor has: its parts differ in shape. By Tensor::first_extent, ascending.
  std::vector<std::pair<Index, std::uint64_t>> nested_elements;
  std::vector<Section> sections;
  std::vector<QuantizedTensor> quantized;  // each tensor once
  std::vector<Run> runs;                   // by module; empty where no forward was looked at
  std::vector<Note> notes;
  Config config;                      // empty where there is none
  std::shared_ptr<const Model> base;  // of an adapter: the model that it is for, where that lies beside
  std::vector<Location> locations;    // by tensor; empty unless ReadOptions::locations asked for them
  std::vector<std::string> files;     // that they are in

  // The full name: "model.layers.0.weight", as it stands in the file; "" for the root.
  std::string path_of(const Tensor& tensor) const { return path_of(tensor.module, tensor.name); }
  std::string path_of(Index module) const;
  // Of what is called `name` in the module.
  std::string path_of(Index module, std::string_view name) const;

  // Where it stands in `tensors`, of which it is one.
  Index index_of(const Tensor& tensor) const { return static_cast<Index>(&tensor - tensors.data()); }

  // Extents of a tensor whose rank is known.
  const Extent* shape_begin(const Tensor& tensor) const { return extents.data() + tensor.first_extent; }
  const Extent* shape_end(const Tensor& tensor) const { return shape_begin(tensor) + tensor.rank; }
  // Number of elements: a number, an expression, or Count::unknown().
  Count numel(const Tensor& tensor) const;
  // Bytes of the elements by their dtype, as PyTorch counts them (numel · element size); for a tensor with a layout of
  // its own (sparse, quantised) and for one of unknown dtype the stored bytes; for one of unknown dtype that is
  // uninitialised, or whose stored bytes nobody told, Count::unknown().
  Count bytes(const Tensor& tensor) const { return bytes(tensor, numel(tensor)); }
  Count bytes(const Tensor& tensor, const Count& numel) const;

  // A copy of text that names will view; it lives as long as the model.
  std::string_view keep(std::string_view text);
  // Takes over the text of another model, so that names which view it can be moved here.
  void adopt_text(Model& other);

 private:
  static constexpr std::size_t kFirstChunk = 1000;  // what malloc keeps at hand; a small model needs no more
  static constexpr std::size_t kChunk = std::size_t{16} * 1024;
  std::vector<std::unique_ptr<char[]>> text_;
  char* chunk_ = nullptr;  // the free part of the last chunk
  std::size_t chunk_left_ = 0;
};

}  // namespace weigh
