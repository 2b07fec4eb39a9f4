// Named sources side by side: a directory, or memory that plays one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"

namespace weigh {

class Folder {
 public:
  explicit Folder(std::string label) : label_(std::move(label)) {}
  virtual ~Folder() = default;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // The name that messages give it; "" for the current directory.
  const std::string& label() const { return label_; }
  // Names of the files in it, sorted, as they are when first asked for; they live as long as the folder.
  // Error(not_found) where it has vanished.
  virtual const std::vector<std::string>& names() const = 0;
  // Names of the folders in it, sorted. Throws as names() does.
  virtual const std::vector<std::string>& folders() const = 0;
  // A name that would leave the folder ("../x", "/x") is Error(corrupt) in all: names come from files. What names()
  // told is not looked for again.
  virtual bool contains(std::string_view name) const = 0;
  // How many bytes a file in it has, without opening it; nothing where there is no such file.
  virtual std::optional<std::uint64_t> size_of(std::string_view name) const = 0;
  // Throws Error as open_file does.
  virtual std::unique_ptr<Source> open(std::string_view name) const = 0;
  // The folder in it, which need not be there: then it holds nothing.
  virtual std::unique_ptr<Folder> enter(std::string_view name) const = 0;

 private:
  std::string label_;
};

// The path of a name in a folder; the name itself where the folder is "".
std::string path_in(std::string_view folder, std::string_view name);

std::unique_ptr<Folder> open_folder(const std::string& path);
std::unique_ptr<Folder> memory_folder(std::string label, std::map<std::string, std::string> files);

}  // namespace weigh
