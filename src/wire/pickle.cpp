#include "wire/pickle.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "bytes/cursor.h"
#include "bytes/digits.h"
#include "bytes/stop.h"
#include "wire/pickle_nodes.h"
#include "wire/pickle_opcodes.h"
#include "wire/pickle_text.h"

#include "weigh/error.h"

namespace weigh::pickle {

class Machine {
 public:
  Machine(std::string_view label, std::string_view bytes, const Limits& limits, std::uint64_t base,
          Pickle::Nodes& nodes)
      : label_(label), limits_(limits), in_(label, bytes, base), nodes_(nodes) {
    memo_.reserve(std::min<std::uint64_t>(bytes.size() / kBytesOfAMemo, limits.pickle_memo));
  }

  // Runs to STOP and returns what is on the stack then.
  Value run() {
    for (std::uint64_t steps = 0;; ++steps) {
      if (steps % kStepsBetweenStops == 0) throw_if_stopped();
      if (steps >= limits_.pickle_opcodes) fail_limit("opcodes", limits_.pickle_opcodes);
      if (stack_.size() + marks_.size() > limits_.pickle_stack) fail_limit("values on its stack", limits_.pickle_stack);
      opcode_at_ = in_.offset();
      opcode_ = in_.little<unsigned char>("the next opcode of a pickle");
      if (opcode_ == STOP) return pop();
      step();
    }
  }

  std::size_t bytes_left() const { return in_.remaining(); }

 private:
  // One opcode: what it pushes by itself, or what it does with the stack.
  void step() {
    switch (opcode_) {
      case NONE: return push(Value());
      case NEWTRUE: return push_integer(Kind::boolean, 1);
      case NEWFALSE: return push_integer(Kind::boolean, 0);
      case BININT: return push_integer(Kind::integer, read<std::int32_t>());
      case BININT1: return push_integer(Kind::integer, read<std::uint8_t>());
      case BININT2: return push_integer(Kind::integer, read<std::uint16_t>());
      case LONG1: return push_long(read<std::uint8_t>());
      case LONG4: return push_long(length_of(read<std::int32_t>()));
      case INT: return push_int_line();
      case LONG: return push_long_line();
      case FLOAT: return push_float_line();
      case BINFLOAT: return push_real(big_endian_double(take(8)));
      case EXT1: return push_integer(Kind::extension, read<std::uint8_t>());
      case EXT2: return push_integer(Kind::extension, read<std::uint16_t>());
      case EXT4: return push_integer(Kind::extension, read<std::int32_t>());
      default: return step_text();
    }
  }

  void step_text() {
    switch (opcode_) {
      case SHORT_BINUNICODE:
      case SHORT_BINSTRING: return push_text(Kind::string, take(read<std::uint8_t>()));
      case BINUNICODE: return push_text(Kind::string, take(read<std::uint32_t>()));
      case BINSTRING: return push_text(Kind::string, take(length_of(read<std::int32_t>())));
      case BINUNICODE8: return push_text(Kind::string, take(read<std::uint64_t>()));
      case SHORT_BINBYTES: return push_text(Kind::bytes, take(read<std::uint8_t>()));
      case BINBYTES: return push_text(Kind::bytes, take(read<std::uint32_t>()));
      case BINBYTES8:
      case BYTEARRAY8: return push_text(Kind::bytes, take(read<std::uint64_t>()));
      case NEXT_BUFFER: return push_text(Kind::bytes, {});  // its bytes travel apart, so they are not here
      case READONLY_BUFFER: return static_cast<void>(top());
      case STRING: return push_text(Kind::string, nodes_.own(unescape_string(quoted(line()))));
      case UNICODE: return push_text(Kind::string, nodes_.own(unescape_unicode(line())));
      case GLOBAL: return push_global_lines();
      case STACK_GLOBAL: return stack_global();
      case PERSID: return push_persistent(text_value(Kind::string, line()));
      case BINPERSID: return push_persistent(pop());
      default: return step_containers();
    }
  }

  void step_containers() {
    switch (opcode_) {
      case MARK: return marks_.push_back(stack_.size());
      case POP: return pop_or_unmark();
      case POP_MARK: return static_cast<void>(pop_to_mark());
      case DUP: return push(top());
      case EMPTY_TUPLE: return push_tuple({});
      case TUPLE1: return push_tuple_of(1);
      case TUPLE2: return push_tuple_of(2);
      case TUPLE3: return push_tuple_of(3);
      case TUPLE: return push_tuple(pop_to_mark());
      case EMPTY_LIST: return push_list(Kind::list, {});
      case LIST: return push_list(Kind::list, pop_to_mark());
      case EMPTY_SET: return push_list(Kind::set, {});
      case FROZENSET: return push_list(Kind::set, pop_to_mark());
      case EMPTY_DICT: return push_dict({});
      case DICT: return push_dict(pop_to_mark());
      case APPEND: return append_one();
      case APPENDS:
      case ADDITEMS: return append(pop_to_mark());
      case SETITEM: return set_one();
      case SETITEMS: return set(pop_to_mark());
      default: return step_objects();
    }
  }

  void step_objects() {
    switch (opcode_) {
      case REDUCE:
      case NEWOBJ: return call();
      case NEWOBJ_EX: return call_with_keywords();
      case OBJ: return construct();
      case INST: return instance();
      case BUILD: return build();
      case PUT: return remember(number_line());
      case BINPUT: return remember(read<std::uint8_t>());
      case LONG_BINPUT: return remember(read<std::uint32_t>());
      case MEMOIZE: return remember(remembered_);
      case GET: return recall(number_line());
      case BINGET: return recall(read<std::uint8_t>());
      case LONG_BINGET: return recall(read<std::uint32_t>());
      case PROTO: return check_protocol(read<std::uint8_t>());
      case FRAME: return check_frame(read<std::uint64_t>());
      default: fail(fmt::format("byte 0x{:02x} is no pickle opcode; is this a pickle at all?", opcode_));
    }
  }

  // --- reading ---------------------------------------------------------------------------------------------------

  template <class T>
  T read() {
    return in_.little<T>("the argument of a pickle opcode");
  }
  std::string_view take(std::uint64_t length) { return in_.take(length, "a string in a pickle"); }
  std::string_view line() { return in_.take_until('\n', "a line in a pickle"); }

  std::uint64_t length_of(std::int32_t length) {
    if (length < 0) fail(fmt::format("a length is {}, which is negative", length));
    return static_cast<std::uint64_t>(length);
  }

  std::uint64_t number_line() {
    std::string_view text = line();
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) fail("a memo number is no number");
    return number;
  }

  std::string_view quoted(std::string_view text) {
    bool is_quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
    if (!is_quoted) fail("a string is not in quotes");
    return text.substr(1, text.size() - 2);
  }

  void check_protocol(unsigned protocol) {
    if (protocol > kNewestProtocol) {
      throw Error(ErrorKind::unsupported, std::string(label_),
                  fmt::format("is a pickle of protocol {}; the newest known is {}", protocol, kNewestProtocol),
                  opcode_at_);
    }
  }

  void check_frame(std::uint64_t length) {
    if (length > in_.remaining()) in_.take(length, "a frame of a pickle");
  }

  // --- pushing ---------------------------------------------------------------------------------------------------

  void push(Value value) { stack_.push_back(value); }

  void push_integer(Kind kind, std::int64_t integer) {
    Value value;
    value.kind_ = kind;
    value.integer_ = integer;
    push(value);
  }

  void push_real(double real) {
    Value value;
    value.kind_ = Kind::real;
    value.real_ = real;
    push(value);
  }

  static Value text_value(Kind kind, std::string_view text) {
    Value value;
    value.kind_ = kind;
    value.size_ = static_cast<std::uint32_t>(text.size());
    value.text_ = text.data();
    return value;
  }

  void push_text(Kind kind, std::string_view text) {
    if (text.size() > UINT32_MAX) fail_limit("bytes in one string", UINT32_MAX);
    push(text_value(kind, text));
  }

  void push_long(std::uint64_t length) {
    std::string_view bytes = take(length);
    std::optional<std::int64_t> small = two_complement(bytes);
    if (!small) return push_text(Kind::big_integer, bytes);
    push_integer(Kind::integer, *small);
  }

  void push_int_line() {
    std::string_view text = line();
    if (text == "00" || text == "01") return push_integer(Kind::boolean, text == "01");
    push_decimal(text);
  }

  void push_long_line() {
    std::string_view text = line();
    if (text.ends_with('L')) text.remove_suffix(1);
    push_decimal(text);
  }

  void push_decimal(std::string_view text) {
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool is_whole = end == text.data() + text.size();
    if (error == std::errc::result_out_of_range && is_whole) return push_text(Kind::big_integer, text);
    if (error != std::errc() || !is_whole) fail("an integer has other characters than digits");
    push_integer(Kind::integer, number);
  }

  void push_float_line() {
    std::optional<double> number = real_number_of(line());
    if (!number) fail("a float is not written as one");
    push_real(*number);
  }

  void push_global(std::string_view module, std::string_view name) {
    push_text(Kind::global, nodes_.intern_global(module, name));
  }

  void push_global_lines() {
    const std::string_view module = line();
    const std::string_view name = line();
    push_global(module, name);
  }

  void stack_global() {
    Value name = pop();
    Value module = pop();
    if (!name.is(Kind::string) || !module.is(Kind::string)) fail("the name of a global is no string");
    push_global(module.text(), name.text());
  }

  void push_persistent(Value identifier) {
    Value value = tuple_value({&identifier, 1});
    value.kind_ = Kind::persistent;
    push(value);
  }

  // --- containers ------------------------------------------------------------------------------------------------

  Value tuple_value(std::span<const Value> items) {
    Value value;
    value.kind_ = Kind::tuple;
    value.size_ = static_cast<std::uint32_t>(items.size());
    value.tuple_ = nodes_.keep(items);
    return value;
  }

  void push_tuple(std::span<const Value> items) { push(tuple_value(items)); }

  void push_tuple_of(std::size_t count) {
    require(count);
    Value tuple = tuple_value(std::span<const Value>(stack_).last(count));
    stack_.resize(stack_.size() - count);
    push(tuple);
  }

  void push_list(Kind kind, std::span<const Value> items) {
    count_object();
    Value value;
    value.kind_ = kind;
    value.list_ = &nodes_.lists.emplace_back(items.begin(), items.end());
    push(value);
  }

  void push_dict(std::span<const Value> flat) {
    count_object();
    Value value;
    value.kind_ = Kind::dict;
    value.dict_ = &nodes_.dicts.emplace_back();
    push(value);
    set(flat);
  }

  void append_one() {
    Value item = pop();
    append({&item, 1});
  }

  void append(std::span<const Value> items) {
    std::vector<Value>* list = nullptr;
    if (Value target = top(); target.is(Kind::list) || target.is(Kind::set)) {
      list = target.list_;
    } else if (target.is(Kind::object)) {
      list = &more(target).items;
    } else {
      fail("items are appended to something that is no list");
    }
    list->insert(list->end(), items.begin(), items.end());
  }

  void set_one() {
    require(2);
    const Value pair[] = {stack_[stack_.size() - 2], stack_.back()};
    stack_.resize(stack_.size() - 2);
    set(pair);
  }

  void set(std::span<const Value> flat) {
    if (flat.size() % 2 != 0) fail(fmt::format("a dict is given {} values, which are no pairs", flat.size()));
    std::vector<std::pair<Value, Value>>* dict = nullptr;
    if (Value target = top(); target.is(Kind::dict)) {
      dict = target.dict_;
    } else if (target.is(Kind::object)) {
      dict = &more(target).entries;
    } else {
      fail("keys are set on something that is no dict");
    }
    for (std::size_t i = 0; i < flat.size(); i += 2) dict->emplace_back(flat[i], flat[i + 1]);
  }

  // --- objects ---------------------------------------------------------------------------------------------------

  Object& push_object(Value callable, Value arguments) {
    count_object();
    Object& object = nodes_.objects.emplace_back();
    object.callable_ = callable;
    object.arguments_ = arguments;
    Value value;
    value.kind_ = Kind::object;
    value.object_ = &object;
    push(value);
    return object;
  }

  static Object::More& more(Value object) {
    if (!object.object_->more_) object.object_->more_ = std::make_unique<Object::More>();
    return *object.object_->more_;
  }

  void call() {
    Value arguments = pop();
    Value callable = pop();
    push_object(callable, arguments);
  }

  void call_with_keywords() {
    Value keywords = pop();
    call();
    more(top()).keywords = keywords;
  }

  void construct() {
    std::span<const Value> items = pop_to_mark();
    if (items.empty()) fail("an object has no class");
    Value callable = items.front();
    push_object(callable, tuple_value(items.subspan(1)));
  }

  void instance() {
    std::string_view module = line();
    std::string_view name = line();
    Value arguments = tuple_value(pop_to_mark());
    push_object(text_value(Kind::global, nodes_.intern_global(module, name)), arguments);
  }

  void build() {
    Value state = pop();
    if (!top().is(Kind::object)) fail("a state is given to something that is no object");
    more(top()).state = state;
  }

  // --- the stack and the memo ------------------------------------------------------------------------------------

  // Values above the last mark; an opcode may not reach below it.
  void require(std::size_t count) {
    std::size_t bottom = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - bottom < count)
      fail(fmt::format("an opcode needs {} values of the stack, which holds {}", count, stack_.size() - bottom));
  }

  Value top() {
    require(1);
    return stack_.back();
  }

  Value pop() {
    Value value = top();
    stack_.pop_back();
    return value;
  }

  void pop_or_unmark() {
    bool is_mark = !marks_.empty() && marks_.back() == stack_.size();
    if (is_mark) return marks_.pop_back();
    pop();
  }

  // The result is valid until the next push.
  std::span<const Value> pop_to_mark() {
    if (marks_.empty()) fail("an opcode needs a mark, and there is none");
    popped_.assign(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return popped_;
  }

  // Numbers count up from 0 or 1 in every real stream. Ones that leap must not make us fill the gaps.
  void remember(std::uint64_t number) {
    if (remembered_ >= limits_.pickle_memo) fail_limit("values in its memo", limits_.pickle_memo);
    Value value = top();
    if (number >= memo_.size() && number > remembered_ + kMemoGap) {
      remembered_ += far_memo_.insert_or_assign(number, value).second ? 1 : 0;
      return;
    }
    if (number >= memo_.size()) memo_.resize(number + 1, absent());
    if (memo_[number].is_absent() && (far_memo_.empty() || !far_memo_.contains(number))) ++remembered_;
    memo_[number] = value;
  }

  void recall(std::uint64_t number) {
    if (number < memo_.size() && !memo_[number].is_absent()) return push(memo_[number]);
    auto far = far_memo_.find(number);
    if (far == far_memo_.end()) fail(fmt::format("value {} of the memo is used, but was never stored", number));
    push(far->second);
  }

  void count_object() {
    if (++objects_ > limits_.pickle_objects) fail_limit("objects", limits_.pickle_objects);
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::corrupt, std::string(label_), "in a pickle, " + message, opcode_at_);
  }
  [[noreturn]] void fail_limit(const char* what, std::uint64_t limit) const {
    throw Error(ErrorKind::limit, std::string(label_), fmt::format("a pickle has more than {} {}", limit, what),
                opcode_at_);
  }

  static Value absent() {
    Value value;
    value.size_ = Value::kAbsent;
    return value;
  }

  static constexpr std::uint64_t kMemoGap = 1024;
  static constexpr std::uint64_t kStepsBetweenStops = 4096;  // asking at each would cost more than the step
  static constexpr std::size_t kBytesOfAMemo = 8;  // of a stream, for each value that it memoises: torch's are alike

  std::string_view label_;
  const Limits& limits_;
  Cursor in_;
  Pickle::Nodes& nodes_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value> popped_;
  std::vector<Value> memo_;
  std::unordered_map<std::uint64_t, Value> far_memo_;
  std::uint64_t remembered_ = 0;  // in both
  std::uint64_t objects_ = 0;
  std::uint64_t opcode_at_ = 0;
  unsigned char opcode_ = 0;
};

Pickle::Pickle(std::string_view label, std::string_view bytes, const Limits& limits, std::uint64_t base)
    : nodes_(std::make_unique<Nodes>()) {
  Machine machine(label, bytes, limits, base, *nodes_);
  root_ = machine.run();
  size_ = bytes.size() - machine.bytes_left();
}

Pickle::~Pickle() = default;

const std::vector<std::string_view>& Pickle::globals() const { return nodes_->global_names; }

}  // namespace weigh::pickle
