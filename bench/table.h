// The table of what was measured, row by row as it becomes known.
#pragma once

#include <cstdint>
#include <string>

namespace weigh::bench {

std::string show_seconds(double seconds);
std::string show_bytes(double bytes);

struct Row {
  std::string what;
  std::string measured;
  std::string against;  // a floor, a peer or what is allowed
  double ratio = 0;
};

class Table {
 public:
  Table();
  void at_most(const Row& row, double limit) { add(row, "<=", limit, row.ratio <= limit); }
  void at_least(const Row& row, double limit) { add(row, ">=", limit, row.ratio >= limit); }
  // `bytes` of `allowed` ones.
  void memory(const std::string& what, std::uint64_t bytes, std::uint64_t allowed);
  // What is measured without a limit.
  void tell(const Row& row);
  void skip(const std::string& what, const std::string& reason);

  bool all_met() const { return all_met_; }

 private:
  void add(const Row& row, const char* relation, double limit, bool is_met);

  bool all_met_ = true;
};

}  // namespace weigh::bench
