#include "formats/pytorch/python.h"

#include <algorithm>

namespace weigh::pytorch {
namespace {

// The legacy form stores the source of a module's class beside it: ('module', class, file, source).
Value without_source(Value value) {
  if (!value.is(Kind::persistent) || value.items().empty()) return value;
  std::span<const Value> identifier = value.items()[0].items();
  bool is_class = identifier.size() >= 2 && identifier[0].is(Kind::string) && identifier[0].text() == "module";
  return is_class ? identifier[1] : value;
}

// Functions that pickle calls to make an instance of their first argument.
bool makes_an_instance(std::string_view global) {
  return global == "copy_reg _reconstructor" || global == "copyreg _reconstructor" || global == "copyreg __newobj__" ||
         global == "copy_reg __newobj__";
}

}  // namespace

std::string_view class_of(Value object) {
  if (!object.is(Kind::object)) return {};
  Value callable = without_source(object.object().callable());
  if (!callable.is(Kind::global)) return {};
  if (!makes_an_instance(callable.text())) return callable.text();
  std::span<const Value> arguments = arguments_of(object);
  Value of = arguments.empty() ? Value() : without_source(arguments[0]);
  return of.is(Kind::global) ? of.text() : std::string_view();
}

std::string_view short_class_name(std::string_view global) {
  std::size_t begin = global.size();
  while (begin > 0 && global[begin - 1] != '.' && global[begin - 1] != ' ') --begin;
  return global.substr(begin);
}

std::string dotted(std::string_view global) {
  std::string text(global);
  std::replace(text.begin(), text.end(), ' ', '.');
  return text;
}

std::span<const Value> arguments_of(Value object) {
  return object.is(Kind::object) ? object.object().arguments().items() : std::span<const Value>();
}

Entries mapping_entries(Value value) {
  if (value.is(Kind::dict)) return value.entries();
  return value.is(Kind::object) ? Entries(value.object().entries()) : Entries();
}

bool is_mapping(Value value) {
  if (value.is(Kind::dict)) return true;
  return value.is(Kind::object) && (!value.object().entries().empty() || class_of(value) == "collections OrderedDict");
}

std::span<const Value> sequence_items(Value value) {
  if (value.is(Kind::object)) return value.object().items();
  bool is_sequence = value.is(Kind::list) || value.is(Kind::tuple) || value.is(Kind::set);
  return is_sequence ? value.items() : std::span<const Value>();
}

Entries attributes_of(Value object) {
  if (!object.is(Kind::object)) return {};
  Value state = object.object().state();
  if (state.is(Kind::tuple) && state.items().size() == 2) state = state.items()[0];
  return mapping_entries(state);
}

Value attribute(Value object, std::string_view name) { return pickle::find(attributes_of(object), name); }

std::int64_t integer_or(Value value, std::int64_t otherwise) {
  return value.is(Kind::integer) ? value.integer() : otherwise;
}

bool boolean_or(Value value, bool otherwise) { return value.is(Kind::boolean) ? value.boolean() : otherwise; }

}  // namespace weigh::pytorch
