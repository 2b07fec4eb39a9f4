// The files to measure with: made once by weigh_replica, and again when that is newer than they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weigh::bench {

// Models of these sizes show whether what one takes grows faster than it.
struct Size {
  std::size_t tensors;
  const char* name;
};
inline constexpr Size kSizes[] = {{10'000, "10k"}, {100'000, "100k"}, {1'000'000, "1M"}};

class Scratch {
 public:
  explicit Scratch(std::string directory);

  // All give the path of what they made. Throw std::runtime_error.
  std::string torch_file(std::size_t tensors) const;
  std::string safetensors(std::size_t tensors) const;  // a directory
  std::string kimi() const;                            // a directory
  std::string gguf() const;                            // 10 GB, its weights a hole
  std::string onnx() const;                            // the same, weights among the fields
  // A file of 2 GiB of zeros, a hole on the disk: whoever reads it gets all of them.
  std::string weights(const std::string& name) const;
  std::string many_models(std::size_t count) const;  // a directory of so many small ones
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string make(const std::string& name, const std::vector<std::string>& arguments) const;

  std::string directory_;
};

// Bytes of the headers of all shards in a directory.
std::uint64_t header_bytes(const std::string& directory);

}  // namespace weigh::bench
