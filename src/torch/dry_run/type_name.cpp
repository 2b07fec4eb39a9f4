#include "dry_run/type_name.h"

#include <cctype>

#include <c10/util/Type.h>

namespace weigh::dry_run {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the scope that ends before `end` begins: over "f(int)::", "Box<int>::", "(anonymous namespace)::", "torch::".
std::size_t begin_of_scope(const std::string& text, std::size_t end) {
  int open = 0;
  std::size_t begin = end;
  while (begin > 0) {
    const char c = text[begin - 1];
    if (c == ')' || c == '>') ++open;
    if ((c == '(' || c == '<') && --open < 0) break;
    if (open == 0 && !is_word(c) && c != ':' && c != '(' && c != '<') break;
    --begin;
  }
  return begin;
}

}  // namespace

std::string short_type_name(std::string_view demangled) {
  std::string text(demangled);
  for (std::size_t colons = text.rfind("::"); colons != std::string::npos; colons = text.rfind("::")) {
    const std::size_t begin = begin_of_scope(text, colons);
    text.erase(begin, colons + 2 - begin);
  }
  constexpr std::string_view kImpl = "Impl";
  for (std::size_t at = text.find(kImpl, 1); at != std::string::npos; at = text.find(kImpl, at + 1)) {
    const bool ends_word = at + kImpl.size() == text.size() || !is_word(text[at + kImpl.size()]);
    if (ends_word && is_word(text[at - 1])) text.erase(at, kImpl.size());
  }
  return text;
}

std::string type_name(const torch::nn::Module& module) { return short_type_name(module.name()); }

bool is_of_libtorch(const torch::nn::Module& module) {
  return c10::demangle(typeid(module).name()).rfind("torch::nn::", 0) == 0;
}

}  // namespace weigh::dry_run
