#include "formats/pt2/compiled.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "bytes/shown.h"
#include "model/builder.h"
#include "model/roles.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh::pt2 {
namespace {

constexpr std::string_view kFolder = "data/aotinductor/";
constexpr std::string_view kSource = ".wrapper.cpp";
constexpr std::string_view kFact = "constants_info_[";

// What the source says of a weight.
struct Constant {
  std::string_view name;
  std::string_view original;  // in the module, "fc.weight"
  DType dtype = DType::unknown;
  std::vector<Extent> shape;
  KnownRole role;
  bool is_folded = false;  // made of others when the program is loaded
};

// "fc.weight" of "\"fc.weight\"".
std::string_view unquoted(std::string_view text) {
  return text.size() > 1 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : "";
}

// "…cached_torch_dtype_float32…" is float32.
DType dtype_in(std::string_view text) {
  constexpr std::string_view kMark = "torch_dtype_";
  const std::size_t at = text.find(kMark);
  if (at == std::string_view::npos) return DType::unknown;
  text.remove_prefix(at + kMark.size());
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  return dtype_from_torch(text.substr(0, end)).value_or(DType::unknown);
}

std::optional<KnownRole> role_in(std::string_view text) {
  if (text.find("ConstantType::Parameter") != std::string_view::npos)
    return KnownRole{Role::parameter, Evidence::recorded};
  for (const std::string_view buffer : {"ConstantType::Buffer", "ConstantType::TensorConstant"})
    if (text.find(buffer) != std::string_view::npos) return KnownRole{Role::buffer, Evidence::recorded};
  return std::nullopt;
}

class Package {
 public:
  Package(Source& source, const ZipDirectory& zip, const ReadOptions& options, Model& model)
      : source_(source), zip_(zip), options_(options), model_(model), builder_(model, options.limits) {}

  void run() {
    model_.format = "AOTInductor";
    model_.kind = "compiled program";
    find_models();
    for (const auto& [name, entries] : models_) read_model(name, entries);
    if (options_.locations) {
      model_.files = {source_.label()};
      model_.locations.resize(model_.tensors.size());
    }
  }

 private:
  void find_models() {
    for (const ZipEntry& entry : zip_.entries()) {
      const std::size_t at = entry.name.find(kFolder);
      if (at == std::string_view::npos) continue;
      const std::string_view path = entry.name.substr(at + kFolder.size());
      const std::size_t slash = path.find('/');
      if (slash != std::string_view::npos) models_[path.substr(0, slash)].push_back(&entry);
    }
  }

  void read_model(std::string_view name, const std::vector<const ZipEntry*>& entries) {
    const ZipEntry* text = nullptr;
    for (const ZipEntry* entry : entries) {
      if (entry->name.ends_with(kSource)) text = entry;
      if (entry->name.ends_with("_metadata.json") && model_.metadata.empty()) read_device(*entry);
    }
    const Index root = models_.size() == 1 ? 0 : builder_.module(name);
    if (text == nullptr) {
      return add_unknown(
          name, root,
          "is compiled code without the source that describes its weights, which lie inside it: they are "
          "not told");
    }
    if (text->size > options_.limits.json_file_bytes) {
      throw Error(ErrorKind::limit, source_.label(),
                  fmt::format("'{}' has {} bytes, more than {} (limit json_file_bytes)",
                              text->name.substr(0, kShownText), text->size, options_.limits.json_file_bytes));
    }
    const std::string source = zip_.read(*text);
    for (const auto& [number, constant] : constants_in(source)) add(constant, root);
    add_unknown(name, root,
                "is compiled code, into which weights of up to eight numbers may be written as such: the totals are "
                "lower bounds");
  }

  void read_device(const ZipEntry& entry) {
    if (entry.size > options_.limits.json_file_bytes) return;
    const std::string bytes = zip_.read(entry);
    const auto memory = memory_source(source_.label() + "/" + std::string(entry.name), bytes);
    json::File file(*memory, options_.limits);
    file.document().for_each_member([&](std::string_view key, json::Value& value) {
      std::string_view text;
      if (key == "AOTI_DEVICE_KEY" && !value.get_string().get(text))
        model_.metadata.emplace_back("device", text.substr(0, kShownText));
    });
  }

  // constants_info_[0].name = "fc_weight";
  std::map<std::uint64_t, Constant> constants_in(std::string_view source) const {
    std::map<std::uint64_t, Constant> constants;
    for (std::size_t at = source.find(kFact); at != std::string_view::npos; at = source.find(kFact, at)) {
      at += kFact.size();
      const std::string_view line = source.substr(at, source.find('\n', at) - at);
      const std::size_t bracket = line.find("].");
      const std::size_t equal = line.find(" = ");
      const std::size_t end = line.rfind(';');
      if (bracket == line.npos || equal == line.npos || end == line.npos || bracket + 2 > equal || equal + 3 > end)
        continue;
      const std::optional<std::uint64_t> number = number_of(line.substr(0, bracket));
      if (!number) continue;
      if (constants.size() >= options_.limits.tensors)
        throw Error(ErrorKind::limit, source_.label(),
                    fmt::format("describes more than {} weights (limit tensors)", options_.limits.tensors));
      take(line.substr(bracket + 2, equal - bracket - 2), line.substr(equal + 3, end - equal - 3), constants[*number]);
    }
    return constants;
  }

  void take(std::string_view fact, std::string_view value, Constant& constant) const {
    if (fact == "name") constant.name = unquoted(value);
    if (fact == "original_fqn") constant.original = unquoted(value);
    if (fact == "dtype") constant.dtype = dtype_in(value);
    if (fact == "shape") constant.shape = shape_in(value);
    if (fact == "from_folded") constant.is_folded = value == "true";
    if (fact == "type") constant.role = role_in(value).value_or(constant.role);
  }

  // "{8, 4}"
  std::vector<Extent> shape_in(std::string_view text) const {
    std::vector<Extent> shape;
    const std::size_t open = text.find('{');
    const std::size_t close = text.rfind('}');
    if (open == text.npos || close == text.npos || close < open) return shape;
    text = text.substr(open + 1, close - open - 1);
    while (!text.empty()) {
      const std::string_view word = text.substr(0, text.find(','));
      const std::optional<std::uint64_t> size =
          number_of(word.substr(std::min(word.size(), word.find_first_not_of(' '))));
      if (!size || *size > Extent::kMax || shape.size() >= options_.limits.dimensions)
        throw Error(ErrorKind::corrupt, source_.label(), "describes a weight with an extent that is no size");
      shape.emplace_back(*size);
      text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return shape;
  }

  void add(const Constant& constant, Index root) {
    if (constant.is_folded) return;
    const std::string_view path = constant.original.empty() ? constant.name : constant.original;
    if (path.empty()) return;
    Tensor tensor;
    tensor.dtype = constant.dtype;
    constant.role.give_to(tensor);
    const Index index = builder_.add_by_path(tensor, path, constant.shape, root);
    const Count bytes = model_.bytes(model_.tensors[index]);
    if (constant.dtype != DType::unknown && bytes.is_exact()) model_.tensors[index].stored_bytes = bytes.known();
  }

  void add_unknown(std::string_view name, Index root, const char* message) {
    model_.notes.push_back({"compiled-weights", std::string(name.substr(0, kShownText)), message});
    Tensor unknown;
    unknown.rank = Tensor::kUnknownRank;
    unknown.state = State::missing;
    builder_.add_by_path(unknown, "?", {}, root);
  }

  Source& source_;
  const ZipDirectory& zip_;
  const ReadOptions& options_;
  Model& model_;
  ModelBuilder builder_;
  std::map<std::string_view, std::vector<const ZipEntry*>> models_;
};

}  // namespace

void read_compiled(Source& source, const ZipDirectory& zip, const ReadOptions& options, Model& model) {
  Package(source, zip, options, model).run();
}

}  // namespace weigh::pt2
