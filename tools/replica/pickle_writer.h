// Writes a pickle of protocol 2 as Python's own pickler does, which memoizes all that might occur again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace weigh::replica {

class PickleWriter {
 public:
  void op(std::string_view bytes) { text_ += bytes; }
  void memoize();

  void text(std::string_view value);
  // The same object each time in Python: written once, taken from the memo after that.
  void shared_text(const std::string& value);
  void global(const std::string& module_and_name);  // "torch FloatStorage"

  const std::string& bytes() const { return text_; }

 private:
  bool recall(const std::string& value);
  void remember(const std::string& value);
  void put_text(std::string_view value);
  void put_index(std::uint32_t value, char narrow, char wide);
  void put_u32(std::uint32_t value);

  std::string text_;
  std::map<std::string, std::uint32_t> memo_;
  std::uint32_t next_memo_ = 0;
};

}  // namespace weigh::replica
