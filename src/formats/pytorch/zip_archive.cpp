#include <string>
#include <utility>

#include <fmt/format.h>

#include "formats/pytorch/archive.h"
#include "formats/pytorch/danger.h"
#include "wire/zip.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

constexpr std::string_view kPickleRecord = "data.pkl";

// The entry named "data.pkl" or "NAME/data.pkl"; null where there is none. torch.load takes the one in the folder of
// the first entry, others might take another.
const ZipEntry* find_pickle(const ZipDirectory& zip, std::string_view source) {
  const ZipEntry* found = nullptr;
  for (const ZipEntry& entry : zip.entries()) {
    std::string_view name = entry.name;
    if (!name.ends_with(kPickleRecord)) continue;
    std::string_view folder = name.substr(0, name.size() - kPickleRecord.size());
    if (folder.find('/') != folder.size() - 1 && !folder.empty()) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::corrupt, std::string(source),
                  fmt::format("holds two pickles, '{}' and '{}'; which one counts depends on the reader", found->name,
                              entry.name));
    }
    found = &entry;
  }
  return found;
}

class ZipArchive final : public Archive {
 public:
  ZipArchive(Source& source, const Limits& limits) : zip_(source, limits) {
    const ZipEntry* entry = find_pickle(zip_, source.label());
    if (entry == nullptr) {
      throw Error(ErrorKind::unsupported, source.label(),
                  fmt::format("is a zip archive of {} entries without data.pkl; PyTorch files have one",
                              zip_.entries().size()));
    }
    folder_ = entry->name.substr(0, entry->name.size() - kPickleRecord.size());
    if (const ZipEntry* code = zip_.find(folder_ + "constants.pkl")) {
      throw Error(
          ErrorKind::unsupported, source.label(),
          fmt::format("has '{}' beside data.pkl, as TorchScript archives do, but its pickle holds no TorchScript "
                      "module; is it from another program?",
                      code->name));
    }
    bytes_ = zip_.read(*entry);
    label_ = source.label() + "/" + std::string(entry->name);
    pickle_ = std::make_unique<pickle::Pickle>(label_, bytes_, limits);
    refuse_dangerous(pickle_->globals(), source.label());
    key_ = folder_ + "data/";
    prefix_size_ = key_.size();
  }

  Value root() const override { return pickle_->root(); }
  std::string_view form() const override { return "zip"; }

  std::optional<std::uint64_t> storage_bytes(std::string_view key) const override {
    const ZipEntry* entry = storage(key);
    if (entry == nullptr) return std::nullopt;
    return entry->size;
  }

  std::optional<std::uint64_t> storage_offset(std::string_view key) const override {
    const ZipEntry* entry = storage(key);
    if (entry == nullptr || !entry->is_stored()) return std::nullopt;
    return zip_.data_offset(*entry);
  }

  void describe(Model& model) const override {
    if (const ZipEntry* entry = zip_.find(folder_ + "byteorder"); entry != nullptr && entry->size < 16)
      if (std::string order = zip_.read(*entry); order != "little") model.metadata.emplace_back("byteorder", order);
  }

 private:
  const ZipEntry* storage(std::string_view key) const {
    key_.resize(prefix_size_);
    key_ += key;
    return zip_.find(key_);
  }

  ZipDirectory zip_;
  std::string folder_;
  std::string label_;
  std::string bytes_;
  std::unique_ptr<pickle::Pickle> pickle_;
  mutable std::string key_;  // "NAME/data/KEY", kept to be built without allocating
  std::size_t prefix_size_ = 0;
};

}  // namespace

std::unique_ptr<Archive> open_zip(Source& source, const Limits& limits) {
  return std::make_unique<ZipArchive>(source, limits);
}

}  // namespace weigh::pytorch
