// Facts about a Model: totals, and the rows of a table for one depth. Pure functions of the model.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weigh/model.h"
#include "weigh/quantized.h"

namespace weigh {

// What a set of tensors amounts to. Ties are counted once; uninitialised tensors with what is known of them.
struct Tally {
  Count parameters;
  Count trainable;  // parameters that require a gradient
  Count buffers;
  Count bytes;  // of parameters and buffers
  std::uint32_t uninitialized_parameters = 0;
  std::uint32_t uninitialized_buffers = 0;
  std::uint32_t tensors = 0;       // names, ties included
  bool trainable_recorded = true;  // false: of some parameters the file does not say whether they require a gradient
  SchemeSet schemes;               // that occur
  DTypeSet dtypes;                 // that occur beside them
  Evidence evidence = Evidence::recorded;  // the weakest by which a tensor is known to be what it is counted as

  bool is_exact() const { return parameters.is_exact() && buffers.is_exact(); }
};

struct DTypeShare {
  DType dtype = DType::unknown;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
  // What of it holds packed weights: SchemeShare tells of those.
  std::uint64_t packed_elements = 0;
  std::uint64_t packed_bytes = 0;
};

// Weights that were packed by one scheme, and the bytes that hold them.
struct SchemeShare {
  Scheme scheme = Scheme::none;
  Count weights;
  std::uint64_t bytes = 0;
};

struct Totals : Tally {
  std::uint64_t modules = 0;  // root excluded; aliases not counted
  std::uint64_t train_modules = 0;
  std::uint64_t eval_modules = 0;
  bool modes_recorded = false;
  bool roles_inferred = false;  // some role is not recorded
  // Of the weights of parameters and buffers, ties once, how many are known to be what they are counted as by which
  // evidence: the weaker of what tells their role and of what tells how many they are.
  std::array<std::uint64_t, kEvidences> by_evidence = {};
  double share(Evidence evidence) const;  // in per cent; 0 of nothing
  std::uint64_t optimizer_tensors = 0;
  std::uint64_t optimizer_bytes = 0;
  std::vector<DTypeShare> by_dtype;    // of elements as they are stored; largest first
  std::vector<SchemeShare> by_scheme;  // most bytes first
  std::uint64_t overhead_bytes = 0;    // of scales and what else belongs to packed weights; in the buffers
  // Of a mixture of experts: what a (text) token uses. Not there where the model is none, or where nobody says how many
  // experts a token uses.
  std::optional<std::uint64_t> active_parameters;
  std::optional<std::uint64_t> active_without_embedding;  // a token uses one row of its input embedding
};

// What an adapter makes of the model that it is for.
struct AdapterSums {
  std::uint64_t base_parameters = 0;
  std::uint64_t added = 0;     // parameters beside those
  std::uint64_t replaced = 0;  // parameters that take the place of some of those
};

// One line: a module with all below it, or several identical siblings folded into one. What is below such a line is
// shown once, as it is in the first of them, and counts for all.
struct Row {
  Index module = 0;
  std::uint32_t depth = 0;  // 1 for children of the root
  // How many identical modules this line stands for: siblings, and what is below siblings in the place of `module`.
  // Counts are of all of them.
  std::uint32_t repeat = 1;
  Index last_module = kNone;  // the last of them
  bool own_only = false;      // not the module but the tensors that it owns directly, beside its children
  bool lazy = false;          // something below is not initialised
  bool tied = false;          // something below is the same memory as a tensor elsewhere, and is counted there, too
  Tally tally;
};

enum class SortKey : std::uint8_t { definition, name, parameters, size };

struct SummaryOptions {
  // Levels of modules shown: 0 totals only, -1 all. Without a value: 1, and a wrapper (a child that owns nothing itself
  // and holds nine tenths of all parameters) is opened.
  std::optional<int> depth = {};
  bool fold = true;  // identical siblings "0", "1", … become one row
  SortKey sort = SortKey::definition;
  std::uint32_t top = 0;    // keep the first N rows, of those that have no row below them; 0: all
  std::string filter = {};  // keep rows whose path matches this glob (* and ?), or holds it as a part

  // Statistics of one's own.
  // How many elements a tensor counts for, and its bytes with them; without it Model::numel. Not asked about a tie,
  // which counts as its original.
  std::function<Count(const Model&, const Tensor&)> count = {};
  // Whether a module has a row. One that has none hides all below it; what it holds is in the counts of those above.
  std::function<bool(const Model&, Index)> is_layer = {};
};

struct Summary {
  const Model* model = nullptr;
  Totals totals;
  std::vector<Tally> tallies;  // by module index: the module with all below it
  std::vector<Row> rows;
  std::optional<int> depth;       // as in the options
  bool flat = false;              // rows were filtered or cut, so they no longer form a tree: label them by full path
  std::size_t rows_left_out = 0;  // by `top`
  std::vector<bool> hidden;       // by module: has no row, by `is_layer`; empty where all have one
  std::vector<std::uint64_t> active;     // parameters that a token uses, by module; empty where Totals have none
  std::vector<Index> towers;             // modules for images and sounds beside a language model, the topmost of each
  std::vector<Index> predicting_layers;  // modules behind the last layer, which predict further tokens
  std::optional<AdapterSums> adapter;    // where Model::base is there and fits
  QuantizedWeights quantized;
  std::vector<Note> notes;                                  // what was found beside Model::notes
  std::vector<Index> uninitialized;                         // tensors, in the file's order
  std::function<Count(const Model&, const Tensor&)> count;  // as in the options
  std::shared_ptr<const Model> owned;                       // `model`, where it was summarised from a temporary

  // How it is known what the tensor counts as, and for how much: the weaker of both.
  Evidence evidence(const Tensor& tensor) const {
    const Index index = model->index_of(tensor);
    switch (quantized.part(index)) {
      case Part::unexplained: return Evidence::assumed;
      case Part::overhead: return Evidence::by_convention;
      case Part::packed:
        return quantized.logical[index] == QuantizedWeights::kUnknown ? Evidence::assumed : quantized.evidence[index];
      case Part::plain: break;
    }
    return tensor.role_evidence;
  }

  // How many elements the tensor counts for.
  Count numel(const Tensor& tensor) const {
    if (!count) return model->numel(tensor);
    return count(*model, tensor.tied_to == kNone ? tensor : model->tensors[tensor.tied_to]);
  }
};

// Throws Error(usage) where depth < -1. The summary refers to the model, which must outlive it.
Summary summarize(const Model& model, const SummaryOptions& options = {});
// The summary keeps the model: summarize(read("model.ckpt")).
Summary summarize(Model&& model, const SummaryOptions& options = {});

// What a forward cost in a module with all below it: `member` is Run::flops, backward_flops or activation_bytes. A
// module that is never called itself, such as a ModuleList, did what the modules in it did. Only where there are runs.
Count work_in(const Model& model, Index module, Count Run::*member);

}  // namespace weigh
