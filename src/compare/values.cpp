#include "compare/values.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include "bytes/source.h"
#include "compare/facts.h"
#include "compare/numbers.h"

namespace weigh {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{8} << 20;  // that a thread takes: whole elements of every dtype
constexpr std::size_t kChunk = std::size_t{256} << 10;    // that it holds of each side: the processor's cache does, too
constexpr unsigned kMostThreads = 4;

struct Piece {
  Index tensor = 0;  // of A
  Location a;
  Location b;
  std::uint64_t bytes = 0;
  DType dtype = DType::unknown;
};

bool is_big_endian(const Model& model) {
  return std::any_of(model.metadata.begin(), model.metadata.end(),
                     [](const auto& fact) { return fact.first == "byteorder" && fact.second == "big"; });
}

// Whether the elements lie one behind the other, as the shape has them.
bool is_row_by_row(const Model& model, Index index) {
  const Tensor& tensor = model.tensors[index];
  const std::vector<std::int64_t>& strides = model.locations[index].strides;
  std::uint64_t expected = 1;
  for (std::size_t i = std::min<std::size_t>(strides.size(), tensor.rank); i-- > 0;) {
    const std::uint64_t size = model.shape_begin(tensor)[i].size();
    if (size != 1 && static_cast<std::uint64_t>(strides[i]) != expected) return false;
    expected *= size;
  }
  return true;
}

// The file that was read last stays open: pieces are in the order of the files.
class OpenFile {
 public:
  explicit OpenFile(const Model& model) : model_(model) {}

  void read(Index file, std::uint64_t offset, std::span<char> into) {
    if (file != file_) {
      source_ = open_file(model_.files[file]);
      file_ = file;
    }
    source_->read(offset, into);
  }

 private:
  const Model& model_;
  Index file_ = kNone;
  std::unique_ptr<Source> source_;
};

class Reader {
 public:
  Reader(const Model& a, const Model& b) : of_a_(a), of_b_(b), a_(kChunk), b_(kChunk) {}

  Distance compare(const Piece& piece) {
    Distance distance;
    const unsigned bytes = number_bytes(piece.dtype);
    distance.has_numbers = bytes > 0;
    for (std::uint64_t at = 0; at < piece.bytes; at += kChunk) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, piece.bytes - at));
      const std::span<char> a(a_.data(), size);
      const std::span<char> b(b_.data(), size);
      of_a_.read(piece.a.file, piece.a.offset + at, a);
      of_b_.read(piece.b.file, piece.b.offset + at, b);
      if (std::memcmp(a.data(), b.data(), size) == 0) {
        distance.elements += size / std::max(1U, bytes);
      } else {
        add_distance(piece.dtype, a, b, distance);
      }
    }
    return distance;
  }

 private:
  OpenFile of_a_, of_b_;
  std::vector<char> a_, b_;
};

class Values {
 public:
  Values(Diff& diff, const Pairing& pairing)
      : diff_(diff), pairing_(pairing), is_big_a_(is_big_endian(pairing.a)), is_big_b_(is_big_endian(pairing.b)) {}

  std::vector<Distance> compare() {
    for (Index a = 0; a < pairing_.a.tensors.size(); ++a)
      if (pairing_.tensors_of_a[a] != kNone) plan(a, pairing_.tensors_of_a[a]);
    std::sort(pieces_.begin(), pieces_.end(), [](const Piece& one, const Piece& other) {
      return std::tie(one.a.file, one.a.offset) < std::tie(other.a.file, other.a.offset);
    });
    found_.resize(pieces_.size());
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 2U, kMostThreads);
    std::vector<std::future<void>> readers;
    for (unsigned i = 0; i < threads && i < pieces_.size(); ++i)
      readers.push_back(std::async(std::launch::async, [this] { work(); }));
    for (std::future<void>& reader : readers) reader.wait();
    for (std::future<void>& reader : readers) reader.get();
    return by_tensor();
  }

 private:
  void plan(Index a, Index b) {
    const Tensor& one = pairing_.a.tensors[a];
    const Tensor& other = pairing_.b.tensors[b];
    const bool is_counted_elsewhere = one.tied_to != kNone && other.tied_to != kNone;
    const bool may_have_values =
        one.state == other.state && (one.state == State::initialised || one.state == State::missing);
    if (is_counted_elsewhere || !may_have_values) return;
    const FactSet facts = facts_of(pairing_, diff_.a, diff_.b, a, b);
    if (one.dtype != other.dtype || facts.contains(Fact::shape) || facts.contains(Fact::layout)) return;
    const std::uint64_t bytes = pairing_.a.bytes(one).known();
    if (bytes == 0 && one.state == State::initialised && pairing_.a.numel(one) == Count(0)) return;
    if (const std::string_view why = why_not(a, b, bytes); !why.empty()) {
      if (diff_.not_compared++ == 0) diff_.not_compared_why = pairing_.a.path_of(one) + " " + std::string(why);
      return;
    }
    Piece piece = {a, pairing_.a.locations[a], pairing_.b.locations[b], 0, is_big_a_ ? DType::unknown : one.dtype};
    for (std::uint64_t at = 0; at < bytes; at += kPiece) {
      piece.bytes = std::min(kPiece, bytes - at);
      pieces_.push_back(piece);
      piece.a.offset += kPiece;
      piece.b.offset += kPiece;
    }
  }

  // "" where they can be compared.
  std::string_view why_not(Index a, Index b, std::uint64_t bytes) const {
    const auto is_located = [](const Model& model, Index tensor) {
      return tensor < model.locations.size() && model.locations[tensor].file != kNone;
    };
    if (pairing_.a.tensors[a].state == State::missing) return "is in a file that is missing";
    if (bytes == 0) return "takes a number of bytes that is not told";
    if (!is_located(pairing_.a, a)) return "does not lie in one piece in the first, or is compressed there";
    if (!is_located(pairing_.b, b)) return "does not lie in one piece in the second, or is compressed there";
    if (!is_row_by_row(pairing_.a, a) || !is_row_by_row(pairing_.b, b)) return "does not lie row by row";
    if (is_big_a_ != is_big_b_) return "lies in another order of bytes";
    if (pairing_.b.bytes(pairing_.b.tensors[b]).known() != bytes) return "takes another number of bytes";
    return "";
  }

  void work() {
    Reader reader(pairing_.a, pairing_.b);
    try {
      for (std::size_t i = 0; (i = next_++) < pieces_.size();) found_[i] = reader.compare(pieces_[i]);
    } catch (...) {
      next_ = pieces_.size();  // the others need not go on
      throw;
    }
  }

  std::vector<Distance> by_tensor() const {
    std::vector<Distance> distances(pairing_.a.tensors.size());
    std::vector<bool> is_begun(distances.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const Index tensor = pieces_[i].tensor;
      if (!is_begun[tensor]) distances[tensor].has_numbers = found_[i].has_numbers;
      is_begun[tensor] = true;
      distances[tensor] += found_[i];
    }
    return distances;
  }

  Diff& diff_;
  const Pairing& pairing_;
  const bool is_big_a_, is_big_b_;
  std::vector<Piece> pieces_;
  std::vector<Distance> found_;  // by piece, so that sums do not depend on which thread was first
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace

std::vector<Distance> compare_values(Diff& diff, const Pairing& pairing) { return Values(diff, pairing).compare(); }

}  // namespace weigh
