// Files of tests/data and the loops that every reader is put through.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weigh::testing {

// The bytes of any file.
std::string read_file(const std::string& path);
// The bytes of a file of tests/data: file("pytorch/gat_state_before.pt").
std::string file(std::string_view name);
std::string data_path(std::string_view name);
// A name as tests may have it: "MiniMax_M2".
std::string test_name(std::string name);
// Names below a folder of tests/data, sorted, relative to tests/data.
std::vector<std::string> files_below(std::string_view folder);
// The files of a folder of tests/data by their names in it, for a folder in memory.
std::map<std::string, std::string> files_of(const std::string& folder);

// Calls `read` with every proper prefix of `bytes`; each must be refused with weigh::Error or read in peace, as the
// format allows; any other exception is a failure. Returns how many were refused.
std::size_t every_prefix(std::string_view bytes, const std::function<void(std::string_view prefix)>& read);

// The whole text of the Error that `call` throws; "" (and a failure) where it throws none.
std::string error_of(const std::function<void()>& call);

}  // namespace weigh::testing
