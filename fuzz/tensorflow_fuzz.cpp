// TensorFlow: the bytes as a block of a checkpoint's index, its checksum put right; as the graph of objects in its
// shard; and as a SavedModel's graph.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "bytes/folder.h"
#include "formats/tensorflow/format.h"
#include "formats/tensorflow/object_graph.h"
#include "limits.h"
#include "support/sstable.h"

#include "weigh/error.h"
#include "weigh/read.h"

namespace {

using weigh::testing::varint;
using weigh::testing::with_checksum;

std::string table_of(const std::string& block) {
  std::string bytes = with_checksum(block);
  const std::string handle = varint(0) + varint(block.size());
  const std::string no_restarts(4, '\0');
  const std::string index = varint(0) + varint(1) + varint(handle.size()) + "z" + handle + no_restarts;
  std::string footer = varint(0) + varint(0) + varint(bytes.size()) + varint(index.size());
  footer.resize(40);
  return bytes + with_checksum(index) + footer + "\x57\xFB\x80\x8B\x24\x75\x47\xDB";
}

void read(std::map<std::string, std::string> files) {
  weigh::ReadOptions options;
  options.limits = weigh::fuzz::small_limits();
  const auto folder = weigh::memory_folder("", std::move(files));
  weigh::Model model;
  try {
    if (weigh::matches_tensorflow(*folder)) weigh::read_tensorflow(*folder, options, model);
  } catch (const weigh::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read({{"m.index", table_of(bytes)}, {"m.data-00000-of-00001", std::string(4096, 'w')}});
  read({{"m.index", bytes}, {"m.data-00000-of-00001", ""}});
  read({{"saved_model.pb", bytes}});
  try {
    const auto graph = weigh::tensorflow::read_object_graph("fuzz", bytes, weigh::fuzz::small_limits());
    const auto reached = weigh::tensorflow::reach(graph);
    if (!reached.empty() && reached.back().depth < 256) weigh::tensorflow::path_of(reached, reached.size() - 1);
  } catch (const weigh::Error&) {
  }
  return 0;
}
