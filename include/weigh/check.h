// Gates for models: what must hold of one before it is taken. docs/check.md lists the rules.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/model.h"
#include "weigh/render.h"

namespace weigh {

// What a rule takes.
enum class Argument : std::uint8_t {
  none,   // it holds or does not
  count,  // "8B", "350M", "306"
  bytes,  // "16GB", "1.5 GiB", "1000"
  text,   // a path
  words,  // at least one
};

struct Rule {
  std::string_view id;  // "max-parameters": its flag without dashes, and its key in a policy file
  Argument argument = Argument::none;
  std::string_view purpose;    // in a line: "at most so many parameters"
  std::string_view example;    // of what it takes, words separated by commas: "8B"; "" for none
  std::string_view holds;      // where
  std::string_view undecided;  // where; "": never
};

// All that there are, in the order in which they are checked.
std::span<const Rule> rules();

// Throws Error(usage) where there is no such rule, and tells those nearest to it.
const Rule& rule_of(std::string_view id);

// What a rule checks, and how it is asked for with a flag, in a policy file and in Python: text that ends with a
// newline.
std::string explanation(const Rule& rule);

// A rule that was asked for, with its argument.
struct Gate {
  std::string rule;
  std::uint64_t number = 0;             // of a count, or bytes
  std::vector<std::string> words = {};  // of words, or the one text
};

// What is asked for. Throws Error(usage) for a rule that does not exist, and tells those nearest to it; and for an
// argument that the rule does not take.
class Policy {
 public:
  // Of a rule without argument none is "true", and "false" takes it back. A rule that is set again gets the new value.
  void set(std::string_view rule, const std::vector<std::string>& values = {});
  // In the order of rules().
  const std::vector<Gate>& gates() const { return gates_; }

 private:
  std::vector<Gate> gates_;
};

// Of weighbridge.toml its table `check`, of pyproject.toml `tool.weighbridge.check`: rules as keys. Throws Error for a
// file that cannot be read or is no TOML, and for what is no rule, with those nearest to it.
Policy read_policy(const std::string& path);
// The same from text; `source` is its name.
Policy parse_policy(std::string_view text, const std::string& source);
// The file of these names in a folder that has such a table; "" where there is none.
std::string find_policy(const std::string& folder);

enum class Outcome : std::uint8_t {
  passed,
  failed,
  undecided,  // what it asks for is not known: no pass
};
std::string_view name(Outcome outcome);

// What became of a gate.
struct Finding {
  std::string rule;
  Outcome verdict = Outcome::passed;
  std::string message;                   // "2 tensors are not initialised"
  std::vector<std::string> places = {};  // modules or tensors that it is about: the first of them
  std::uint64_t all_places = 0;
};

// One for each gate. `read` has the model that another is compared with, as weigh::read; what it throws is thrown.
std::vector<Finding> check(const Model& model, const Policy& policy,
                           const std::function<Model(const std::string&)>& read);

// A model and what was found; or what stopped its reading.
struct Checked {
  std::string source;
  std::vector<Finding> findings = {};
  std::string unreadable = {};

  std::size_t count(Outcome outcome) const;
  bool passed() const { return unreadable.empty() && count(Outcome::passed) == findings.size(); }
};

enum class CheckFormat : std::uint8_t { table, json, junit, sarif, github };

// As text, as JSON, or as machines of continuous integration want it: JUnit XML, SARIF 2.1.0, annotations of GitHub. Of
// `options` a table takes colour, width and characters. Text that ends with a newline, or "".
std::string render(std::span<const Checked> checked, CheckFormat format, const RenderOptions& options = {});

}  // namespace weigh
