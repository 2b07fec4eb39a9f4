#include "replica/torch_zip.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "replica/pattern.h"
#include "replica/pickle_writer.h"
#include "replica/zip_writer.h"

namespace weigh::replica {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBatch = 1000;  // Python's pickler sets so many items of a dict at once
constexpr unsigned kElements = 2;

void put_ordered_dict(PickleWriter& pickle) {
  pickle.global("collections OrderedDict");
  pickle.op(")R");
  pickle.memoize();
}

// _rebuild_tensor_v2(<('storage', FloatStorage, key, 'cpu', 2)>, 0, (2,), (1,), False, OrderedDict())
void put_tensor(PickleWriter& pickle, std::size_t key) {
  pickle.global("torch._utils _rebuild_tensor_v2");
  pickle.op("((");
  pickle.shared_text("storage");
  pickle.global("torch FloatStorage");
  pickle.text(fmt::to_string(key));
  pickle.shared_text("cpu");
  pickle.op("K\2t"sv);
  pickle.memoize();
  pickle.op("QK\0K\2\x85"sv);
  pickle.memoize();
  pickle.op("K\1\x85"sv);
  pickle.memoize();
  pickle.op("\x89"sv);
  put_ordered_dict(pickle);
  pickle.op("t");
  pickle.memoize();
  pickle.op("R");
  pickle.memoize();
}

std::string state_dict(const std::vector<Tensor>& tensors) {
  PickleWriter pickle;
  pickle.op("\x80\2"sv);
  put_ordered_dict(pickle);
  for (std::size_t begin = 0; begin < tensors.size(); begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, tensors.size());
    if (end - begin > 1) pickle.op("(");
    for (std::size_t i = begin; i < end; ++i) {
      pickle.text(tensors[i].name);
      put_tensor(pickle, i);
    }
    pickle.op(end - begin > 1 ? "u" : "s");  // SETITEMS, SETITEM
  }
  pickle.op(".");
  return pickle.bytes();
}

}  // namespace

void write_torch_zip(const std::string& path, std::size_t tensors) {
  const Pattern pattern = synthetic_pattern(tensors);
  ZipWriter zip(path, "archive");
  zip.add("data.pkl", state_dict(pattern.tensors));
  zip.add(".format_version", "1");
  zip.add(".storage_alignment", "64");
  zip.add("byteorder", "little");
  const std::string storage(kElements * sizeof(float), '\0');
  for (std::size_t i = 0; i < tensors; ++i) zip.add(fmt::format("data/{}", i), storage);
  zip.add("version", "3\n");
  zip.add(".data/serialization_id", fmt::format("{:040}", tensors));
  zip.finish();
}

}  // namespace weigh::replica
