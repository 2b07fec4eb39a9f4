#include "places/sharded_index.h"

#include <utility>

#include <fmt/format.h>

#include "wire/plain_json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

IndexDigest digest_of(const std::vector<std::string>& files, const std::vector<NameSet>& names,
                      const IndexTotals& totals) {
  IndexDigest digest;
  for (std::size_t i = 0; i < names.size(); ++i) digest.files.emplace(files[i], names[i]);
  digest.totals = totals;
  return digest;
}

class RegularIndex {
 public:
  RegularIndex(std::string_view text, const Limits& limits) : scanner_(text), limits_(limits) {}

  std::optional<IndexDigest> read() {
    if (!take('{') || !read_metadata()) return std::nullopt;
    if (!scanner_.take(R"("weight_map")") || !take(':') || !take('{') || !read_map()) return std::nullopt;
    if (!take('}') || !scanner_.is_at_end()) return std::nullopt;
    return digest_of(files_.names(), names_, totals_);
  }

 private:
  // With blanks before and behind it.
  bool take(char c) {
    scanner_.skip_blanks();
    if (!scanner_.take(c)) return false;
    scanner_.skip_blanks();
    return true;
  }

  bool read_metadata() {
    if (!scanner_.take(R"("metadata")")) return true;
    if (!take(':') || !take('{')) return false;
    if (take('}')) return take(',');
    do {
      std::string_view key;
      if (!scanner_.take('"') || !scanner_.take_text(key) || !take(':')) return false;
      std::uint64_t number = 0;
      std::string_view text;
      if (scanner_.take_number(number)) {
        if (key == "total_size") totals_.size = number;
        if (key == "total_parameters") totals_.parameters = number;
      } else if (!scanner_.take('"') || !scanner_.take_text(text)) {
        return false;
      }
    } while (take(','));
    return take('}') && take(',');
  }

  bool read_map() {
    if (!scanner_.take('"')) return false;
    Index number = 0;
    for (std::string_view name; scanner_.take_text(name);) {
      const char* behind = scanner_.at();
      if (!between_.empty() && scanner_.take(between_)) {  // neighbours mostly lie in the same file
        names_[number].add(name);
        continue;
      }
      if (!read_file(number)) return false;
      names_[number].add(name);
      if (!take(',')) return take('}');
      if (!scanner_.take('"')) return false;
      between_ = {behind, static_cast<std::size_t>(scanner_.at() - behind)};
    }
    return false;
  }

  bool read_file(Index& number) {
    std::string_view file;
    if (!take(':') || !scanner_.take('"') || !scanner_.take_text(file)) return false;
    number = files_.number_of(file);
    names_.resize(files_.names().size());
    return names_.size() <= limits_.shards;
  }

  json::PlainScanner scanner_;
  const Limits& limits_;
  IndexedFiles files_;
  std::vector<NameSet> names_;  // by file
  IndexTotals totals_;
  std::string_view between_;  // from behind a name to the next one
};

}  // namespace

Index IndexFile::number_of(std::string_view file) {
  const Index number = files.number_of(file);
  if (files.names().size() > limits_.shards) {
    throw Error(ErrorKind::limit, source_.label(),
                fmt::format("names more than {} shards (limit shards)", limits_.shards));
  }
  return number;
}

std::optional<IndexDigest> digest_regular_index(std::string_view text, const Limits& limits) {
  return RegularIndex(text, limits).read();
}

IndexDigest digest_json_index(Source& source, const Limits& limits) {
  IndexFile index(source, limits);
  std::vector<NameSet> names;
  index.read([&](std::string_view tensor, Index file) {
    if (file >= names.size()) names.resize(file + 1);
    names[file].add(tensor);
  });
  return digest_of(index.files.names(), names, index.totals);
}

IndexDigest digest_index(Source& source, const Limits& limits) {
  if (source.size() <= limits.json_file_bytes) {
    json::Text text;
    text.read_whole(source);
    if (std::optional<IndexDigest> digest = digest_regular_index(text.view(), limits)) return *std::move(digest);
  }
  return digest_json_index(source, limits);
}

}  // namespace weigh
