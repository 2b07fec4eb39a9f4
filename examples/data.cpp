#include "data.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

namespace example {
namespace {

std::string path_of(const char* name) { return std::string(WEIGH_EXAMPLE_DATA) + "/" + name; }

torch::Tensor table(const std::vector<std::int64_t>& values, std::int64_t columns) {
  return torch::tensor(values).view({-1, columns});
}

}  // namespace

Digits read_digits() {
  const std::string path = path_of("digits.csv.gz");
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error(path + " cannot be opened");
  std::vector<std::int64_t> values;
  char line[4096];
  while (gzgets(file, line, sizeof line) != nullptr) {
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) values.push_back(std::stoll(cell));
  }
  gzclose(file);
  const torch::Tensor rows = table(values, 65);
  return {rows.slice(1, 0, 64).view({-1, 8, 8}).to(torch::kFloat) / 16, rows.select(1, 64).contiguous()};
}

KarateClub read_karate_club() {
  const std::string path = path_of("karate.txt");
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be opened");
  std::vector<std::int64_t> sides;
  std::vector<std::int64_t> friends;
  for (std::string line; std::getline(file, line);) {
    std::stringstream words(line);
    std::string what;
    std::int64_t a = 0;
    std::int64_t b = 0;
    words >> what >> a >> b;
    if (what == "member") sides.push_back(b);
    if (what == "friends") friends.insert(friends.end(), {a, b});
  }
  return {torch::tensor(sides), table(friends, 2)};
}

}  // namespace example
