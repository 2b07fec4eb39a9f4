#include "formats/npz/format.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"
#include "formats/common/slash_path.h"
#include "formats/npz/npy_header.h"
#include "formats/npz/skops.h"
#include "model/builder.h"
#include "model/roles.h"
#include "wire/zip.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::string_view kSkopsSchema = "schema.json";

constexpr std::size_t kMostNotes = 100;

class Reader {
 public:
  Reader(Source& source, const ReadOptions& options, Model& model)
      : source_(source),
        options_(options),
        model_(model),
        zip_(source, options.limits),
        builder_(model, options.limits) {}

  void run() {
    if (options_.locations) model_.files = {source_.label()};
    if (const ZipEntry* schema = zip_.find(kSkopsSchema)) read_schema(*schema);
    for (const ZipEntry& entry : zip_.entries())
      if (schema_.type.empty() || entry.name != kSkopsSchema) read_entry(entry);
    if (!raw_.empty()) note_raw_types();
    if (!private_.empty()) note_private();
  }

 private:
  // Arrays of skops have their names in its schema. Another's entry of that name is nothing to us.
  void read_schema(const ZipEntry& entry) {
    if (entry.size > options_.limits.json_file_bytes) return;
    try {
      schema_ = read_skops_schema(std::string(kSkopsSchema), zip_.read(entry), options_.limits);
    } catch (const Error&) {
      return;
    }
    if (schema_.type.empty()) {
      schema_ = {};
      return;
    }
    model_.architecture = schema_.type;
    model_.kind = "skops";
  }

  void read_entry(const ZipEntry& entry) {
    if (!entry.is_stored() && schema_.type.empty()) model_.kind = "compressed";
    if (!entry.name.ends_with(kSuffix)) {
      if (!entry.name.ends_with('/')) note("not-an-array", entry.name, "is no array; it was not read");
      return;
    }
    const std::string_view name = entry.name.substr(0, entry.name.size() - kSuffix.size());
    const std::string label = source_.label() + "/" + std::string(entry.name.substr(0, kShownText));
    const std::uint64_t size = npy_header_size(label, zip_.read_head(entry, kNpyPreamble), options_.limits);
    if (size > entry.size) {
      throw Error(ErrorKind::truncated, label,
                  fmt::format("its header takes {} bytes, but it has {}", size, entry.size));
    }
    const NpyHeader header = read_npy_header(label, zip_.read_head(entry, size), options_.limits);
    if (const auto named = schema_.paths.find(entry.name); named == schema_.paths.end()) {
      add(name, label, entry, header, size);
    } else if (is_private_to_estimator(named->second) || header.shape.empty()) {
      private_.push_back(named->second);  // a single number is a loss, a rate, a count of steps
    } else {
      add(named->second, label, entry, header, size);
    }
  }

  void add(std::string_view name, const std::string& label, const ZipEntry& entry, const NpyHeader& header,
           std::uint64_t data) {
    std::uint64_t record_bytes = 0;
    for (const NpyField& field : header.fields) {
      if (field.type.kind == 'O')
        return note("object-array", name, "holds Python objects as a pickle, which was not read; it is not counted");
      const auto sum = checked_add(record_bytes, product(label, field.shape, field.type.bytes));
      if (!sum) fail_large(label);
      record_bytes = *sum;
    }
    const std::uint64_t needed = product(label, header.shape, record_bytes);
    if (needed != entry.size - data) {
      throw Error(needed > entry.size - data ? ErrorKind::truncated : ErrorKind::corrupt, label,
                  fmt::format("takes {} bytes by its shape and type, but {} are there; is the file damaged?", needed,
                              entry.size - data));
    }
    const std::uint64_t elements = product(label, header.shape, 1);
    for (const NpyField& field : header.fields) {
      const std::uint64_t bytes = product(label, field.shape, field.type.bytes);
      const bool is_gap =
          header.is_record && field.type.kind == 'V' && (field.name.empty() || field.name.back() == '.');
      if (!is_gap) add_field(name, field, header, bytes * elements);
      if (!is_gap && field.type.is_number() && options_.locations) locate(entry, header, field, data);
    }
  }

  // A shape that starts with 0 may go on with anything.
  static std::uint64_t product(const std::string& label, const std::vector<std::uint64_t>& shape, std::uint64_t bytes) {
    for (std::uint64_t extent : shape)
      if (extent == 0) return 0;
    std::uint64_t all = bytes;
    for (std::uint64_t extent : shape) {
      const auto next = checked_mul(std::max<std::uint64_t>(all, 1), extent);
      if (!next || *next > Extent::kMax) fail_large(label);
      all = all == 0 ? 0 : *next;
    }
    return all;
  }
  [[noreturn]] static void fail_large(const std::string& label) {
    throw Error(ErrorKind::corrupt, label, "has a shape of more than 2^63 bytes");
  }

  void add_field(std::string_view name, const NpyField& field, const NpyHeader& header, std::uint64_t bytes) {
    std::string path = dotted(name);
    if (!field.name.empty()) path += "." + field.name;
    if (!field.type.is_number()) {
      return note("not-numbers", name,
                  fmt::format("is of the type '{}', text or times; it is not counted", field.type.code));
    }
    if (field.type.dtype == DType::unknown) raw_.emplace_back(path, field.type.code);
    std::vector<Extent> shape;
    for (std::uint64_t extent : header.shape) shape.emplace_back(extent);
    for (std::uint64_t extent : field.shape) shape.emplace_back(extent);
    Tensor tensor;
    tensor.dtype = field.type.dtype;
    tensor.rank = static_cast<std::uint8_t>(shape.size());
    tensor.stored_bytes = bytes;
    infer_role(path.substr(path.rfind('.') + 1), tensor.dtype, shape).give_to(tensor);
    if (path.starts_with("batch_stats."))  // Flax: running means and variances
      KnownRole{Role::buffer, Evidence::by_convention}.give_to(tensor);
    if (builder_.find(path) == kNone) {
      builder_.add_by_path(tensor, path, shape);
      return;
    }
    // "a/b" beside "a.b": both are there.
    const std::string whole = field.name.empty() ? std::string(name) : std::string(name) + "/" + field.name;
    tensor.name = whole;
    builder_.add_to_module(tensor, shape);
  }

  // Numbers in the file as they are: not compressed, not inside records, little-endian.
  void locate(const ZipEntry& entry, const NpyHeader& header, const NpyField& field, std::uint64_t data) {
    Location location;
    const bool is_plain = entry.is_stored() && !header.is_record && !field.type.is_big_endian;
    if (is_plain && field.type.dtype != DType::unknown) {
      location.file = 0;
      location.offset = zip_.data_offset(entry) + data;
      if (header.fortran_order && header.shape.size() > 1) {
        std::int64_t stride = 1;
        for (std::uint64_t extent : header.shape) {
          location.strides.push_back(stride);
          stride *= static_cast<std::int64_t>(std::max<std::uint64_t>(extent, 1));
        }
      }
    }
    model_.locations.push_back(std::move(location));
  }

  void note(const char* code, std::string_view place, std::string message) {
    if (notes_++ < kMostNotes)
      model_.notes.push_back({code, std::string(place.substr(0, kShownText)), std::move(message)});
  }

  // NumPy does not know bfloat16 and the types of 8 bits and less: what it writes of them are bytes.
  void note_raw_types() {
    const auto& [path, code] = raw_.front();
    const std::string others = raw_.size() == 1 ? "" : fmt::format(" (and {} more arrays)", raw_.size() - 1);
    note("unknown-dtype", path,
         fmt::format("is of the type '{}'{}, which tells a size but no kind of number; bfloat16 and float8 are written "
                     "so",
                     code, others));
  }

  void note_private() {
    const std::size_t others = private_.size() - 1;
    note("not-weights", private_.front(),
         fmt::format("{}what the estimator keeps beside its weights: moments, losses, random numbers; not counted",
                     others == 0 ? "is " : fmt::format("and {} more arrays are ", others)));
  }

  Source& source_;
  const ReadOptions& options_;
  Model& model_;
  ZipDirectory zip_;
  ModelBuilder builder_;
  std::vector<std::pair<std::string, std::string>> raw_;  // arrays of raw bytes, and their types
  SkopsSchema schema_;                                    // empty of any other archive
  std::vector<std::string> private_;                      // arrays of an estimator that are no weights
  std::size_t notes_ = 0;
};

}  // namespace

bool matches_npz(Glance& glance) { return glance.zip_kind() == ZipKind::arrays; }

void read_npz(Source& source, const ReadOptions& options, Model& model) {
  model.format = "NumPy";
  Reader(source, options, model).run();
}

}  // namespace weigh
