// A pickle virtual machine that executes nothing.
//
// A pickle is a program for a stack machine that builds Python objects, calling any function it names. Here every
// opcode of protocols 0 to 5 only builds inert nodes: a GLOBAL is a name, a REDUCE is a node that says "this called
// with that". Nothing is imported or called, whatever the names are. Strings are views into the stream.
//
// Nodes form a graph (the memo shares them, and a list may hold itself): whoever walks it visits each node once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weigh/limits.h"

namespace weigh::pickle {

enum class Kind : std::uint8_t {
  none,
  boolean,
  integer,      // fits 64 bits, signed
  big_integer,  // anything longer; text() is as the stream has it: decimal, or little-endian two's complement
  real,
  string,  // UTF-8 as in the stream (surrogates possible); a Python 2 string too
  bytes,   // bytes, bytearray; an out-of-band buffer, empty
  tuple,
  list,
  dict,
  set,         // set, frozenset
  global,      // text() is "module name" with one blank between: "torch._utils _rebuild_tensor_v2"
  object,      // a call or a construction: what REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ, BUILD and friends made
  persistent,  // BINPERSID: items()[0] is the identifier
  extension,   // EXT1..4: integer() is the code
};

class Value;
class Object;

// 16 bytes, copied freely; it refers to nodes of the Pickle that made it, which must outlive it.
class Value {
 public:
  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_global(std::string_view module_and_name) const { return kind_ == Kind::global && text() == module_and_name; }

  bool boolean() const { return integer_ != 0; }            // Requires: is(Kind::boolean)
  std::int64_t integer() const { return integer_; }         // Requires: integer, boolean or extension
  double real() const { return real_; }                     // Requires: is(Kind::real)
  std::string_view text() const { return {text_, size_}; }  // Requires: string, bytes, global or big_integer

  // Elements of a tuple, list or set; the one of a persistent. Empty for every other kind.
  std::span<const Value> items() const;
  // Key and value pairs of a dict, in order; later ones override earlier ones with the same key.
  std::span<const std::pair<Value, Value>> entries() const;
  const Object& object() const { return *object_; }  // Requires: is(Kind::object)
  // The node behind a container or object, the same for every reference to it: to visit each once, and to see ties.
  // Null for scalars, strings and the empty tuple.
  const void* identity() const;

 private:
  friend class Machine;
  static constexpr std::uint32_t kAbsent = 0xFFFF'FFFF;  // in a memo: a none that was never stored
  bool is_absent() const { return kind_ == Kind::none && size_ == kAbsent; }

  Kind kind_ = Kind::none;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_ = 0;
    double real_;
    const char* text_;
    const Value* tuple_;
    std::vector<Value>* list_;
    std::vector<std::pair<Value, Value>>* dict_;
    Object* object_;
  };
};

using Entries = std::span<const std::pair<Value, Value>>;

// `callable(*arguments)`, then what was done to the result. Most objects of a state dict are just that call, so the
// rest is apart.
class Object {
 public:
  Value callable() const { return callable_; }    // usually a global; may be any value (a bound method through getattr)
  Value arguments() const { return arguments_; }  // usually a tuple
  Value keywords() const { return more_ ? more_->keywords : Value(); }  // a dict for NEWOBJ_EX; else none
  Value state() const { return more_ ? more_->state : Value(); }        // the last BUILD; else none
  // APPEND(S) and ADDITEMS on it: a list subclass, a deque.
  std::span<const Value> items() const {
    return more_ ? std::span<const Value>(more_->items) : std::span<const Value>();
  }
  // SETITEM(S) on it: an OrderedDict, a defaultdict.
  Entries entries() const { return more_ ? Entries(more_->entries) : Entries(); }

 private:
  friend class Machine;
  struct More {
    Value keywords;
    Value state;
    std::vector<Value> items;
    std::vector<std::pair<Value, Value>> entries;
  };
  Value callable_;
  Value arguments_;
  std::unique_ptr<More> more_;
};

// The value of a key that is a string; the last one that was set. None where absent.
Value find(Entries entries, std::string_view key);

// One stream, from PROTO or any opcode up to STOP.
class Pickle {
 public:
  // `label` names the source in messages, `bytes` must outlive the Pickle; `base` is their offset in the source.
  // Reads up to the first STOP; what follows is left, see size(). Throws Error where the stream is truncated, misuses
  // the stack, or exceeds a limit.
  Pickle(std::string_view label, std::string_view bytes, const Limits& limits, std::uint64_t base = 0);
  ~Pickle();
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  Value root() const { return root_; }
  std::size_t size() const { return size_; }  // bytes up to and with STOP
  // Every global that the stream names, once, in order: "os system" is seen even where its use was discarded.
  const std::vector<std::string_view>& globals() const;

 private:
  friend class Machine;
  struct Nodes;
  std::unique_ptr<Nodes> nodes_;
  Value root_;
  std::size_t size_ = 0;
};

}  // namespace weigh::pickle
