#include "support/files.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "weigh/error.h"

namespace weigh::testing {

namespace fs = std::filesystem;

std::string data_path(std::string_view name) { return std::string(WEIGH_TEST_DATA) + "/" + std::string(name); }

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("no test file " + path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string file(std::string_view name) { return read_file(data_path(name)); }

std::string test_name(std::string name) {
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

std::vector<std::string> files_below(std::string_view folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(data_path(folder)))
    if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), WEIGH_TEST_DATA).generic_string());
  std::sort(names.begin(), names.end());
  return names;
}

std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const std::string& name : files_below(folder)) files[name.substr(folder.size() + 1)] = file(name);
  return files;
}

std::size_t every_prefix(std::string_view bytes, const std::function<void(std::string_view prefix)>& read) {
  std::size_t refused = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // A copy of exactly this length, so that a sanitizer sees a read past its end.
    const std::vector<char> prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    try {
      read({prefix.data(), prefix.size()});
    } catch (const Error&) {
      ++refused;
    } catch (const std::exception& other) {
      ADD_FAILURE() << "prefix of " << length << " bytes: " << other.what();
    }
  }
  return refused;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

}  // namespace weigh::testing
