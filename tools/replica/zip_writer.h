// Writes a zip archive as PyTorch writes its files: src/wire/zip.h tells the layout.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace weigh::replica {

// Entries are stored, their data begins at multiples of 64, and their sizes stand in descriptors behind it.
class ZipWriter {
 public:
  // `folder` is the first step of every entry's name. Throws std::runtime_error, as add() and finish() do.
  ZipWriter(const std::string& path, std::string_view folder);

  void add(std::string_view name, std::string_view data);
  // Writes the directory; nothing can be added after that.
  void finish();

 private:
  void write(std::string_view bytes);

  std::string path_;
  std::string folder_;
  std::ofstream stream_;
  std::uint64_t offset_ = 0;  // where the next byte goes
  std::uint64_t entries_ = 0;
  std::string directory_;
};

}  // namespace weigh::replica
