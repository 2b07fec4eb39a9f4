#include "wire/pickle.h"

#include <algorithm>
#include <array>
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
  Value run();

  std::size_t bytes_left() const { return in_.remaining(); }

 private:
  // What each opcode does; found by its number, since most take a few nanoseconds.
  using Step = void (*)(Machine&);
  using Steps = std::array<Step, 256>;

  static constexpr Steps all_steps() {
    Steps steps = {};
    steps.fill([](Machine& m) { m.fail_opcode(); });
    add_constants(steps);
    add_texts(steps);
    add_containers(steps);
    add_objects(steps);
    return steps;
  }

  // What pushes one value by itself.
  static constexpr void add_constants(Steps& steps) {
    steps[NONE] = [](Machine& m) { m.push(Value()); };
    steps[NEWTRUE] = [](Machine& m) { m.push_integer(Kind::boolean, 1); };
    steps[NEWFALSE] = [](Machine& m) { m.push_integer(Kind::boolean, 0); };
    steps[BININT] = [](Machine& m) { m.push_integer(Kind::integer, m.read<std::int32_t>()); };
    steps[BININT1] = [](Machine& m) { m.push_integer(Kind::integer, m.read<std::uint8_t>()); };
    steps[BININT2] = [](Machine& m) { m.push_integer(Kind::integer, m.read<std::uint16_t>()); };
    steps[LONG1] = [](Machine& m) { m.push_long(m.read<std::uint8_t>()); };
    steps[LONG4] = [](Machine& m) { m.push_long(m.length_of(m.read<std::int32_t>())); };
    steps[INT] = [](Machine& m) { m.push_int_line(); };
    steps[LONG] = [](Machine& m) { m.push_long_line(); };
    steps[FLOAT] = [](Machine& m) { m.push_float_line(); };
    steps[BINFLOAT] = [](Machine& m) { m.push_real(big_endian_double(m.take(8))); };
    steps[EXT1] = [](Machine& m) { m.push_integer(Kind::extension, m.read<std::uint8_t>()); };
    steps[EXT2] = [](Machine& m) { m.push_integer(Kind::extension, m.read<std::uint16_t>()); };
    steps[EXT4] = [](Machine& m) { m.push_integer(Kind::extension, m.read<std::int32_t>()); };
  }

  static constexpr void add_texts(Steps& steps) {
    steps[SHORT_BINUNICODE] = [](Machine& m) { m.push_text(Kind::string, m.take(m.read<std::uint8_t>())); };
    steps[SHORT_BINSTRING] = [](Machine& m) { m.push_text(Kind::string, m.take(m.read<std::uint8_t>())); };
    steps[BINUNICODE] = [](Machine& m) { m.push_text(Kind::string, m.take(m.read<std::uint32_t>())); };
    steps[BINSTRING] = [](Machine& m) { m.push_text(Kind::string, m.take(m.length_of(m.read<std::int32_t>()))); };
    steps[BINUNICODE8] = [](Machine& m) { m.push_text(Kind::string, m.take(m.read<std::uint64_t>())); };
    steps[SHORT_BINBYTES] = [](Machine& m) { m.push_text(Kind::bytes, m.take(m.read<std::uint8_t>())); };
    steps[BINBYTES] = [](Machine& m) { m.push_text(Kind::bytes, m.take(m.read<std::uint32_t>())); };
    steps[BINBYTES8] = [](Machine& m) { m.push_text(Kind::bytes, m.take(m.read<std::uint64_t>())); };
    steps[BYTEARRAY8] = [](Machine& m) { m.push_text(Kind::bytes, m.take(m.read<std::uint64_t>())); };
    // Its bytes travel apart, so they are not here.
    steps[NEXT_BUFFER] = [](Machine& m) { m.push_text(Kind::bytes, {}); };
    steps[READONLY_BUFFER] = [](Machine& m) { static_cast<void>(m.top()); };
    steps[STRING] = [](Machine& m) { m.push_text(Kind::string, m.nodes_.own(unescape_string(m.quoted(m.line())))); };
    steps[UNICODE] = [](Machine& m) { m.push_text(Kind::string, m.nodes_.own(unescape_unicode(m.line()))); };
    steps[GLOBAL] = [](Machine& m) { m.push_global_lines(); };
    steps[STACK_GLOBAL] = [](Machine& m) { m.stack_global(); };
    steps[PERSID] = [](Machine& m) { m.push_persistent(text_value(Kind::string, m.line())); };
    steps[BINPERSID] = [](Machine& m) { m.push_persistent(m.pop()); };
  }

  static constexpr void add_containers(Steps& steps) {
    steps[MARK] = [](Machine& m) { m.marks_.push_back(m.stack_.size()); };
    steps[POP] = [](Machine& m) { m.pop_or_unmark(); };
    steps[POP_MARK] = [](Machine& m) { static_cast<void>(m.pop_to_mark()); };
    steps[DUP] = [](Machine& m) { m.push(m.top()); };
    steps[EMPTY_TUPLE] = [](Machine& m) { m.push_tuple({}); };
    steps[TUPLE1] = [](Machine& m) { m.push_tuple_of(1); };
    steps[TUPLE2] = [](Machine& m) { m.push_tuple_of(2); };
    steps[TUPLE3] = [](Machine& m) { m.push_tuple_of(3); };
    steps[TUPLE] = [](Machine& m) { m.push_tuple(m.pop_to_mark()); };
    steps[EMPTY_LIST] = [](Machine& m) { m.push_list(Kind::list, {}); };
    steps[LIST] = [](Machine& m) { m.push_list(Kind::list, m.pop_to_mark()); };
    steps[EMPTY_SET] = [](Machine& m) { m.push_list(Kind::set, {}); };
    steps[FROZENSET] = [](Machine& m) { m.push_list(Kind::set, m.pop_to_mark()); };
    steps[EMPTY_DICT] = [](Machine& m) { m.push_dict({}); };
    steps[DICT] = [](Machine& m) { m.push_dict(m.pop_to_mark()); };
    steps[APPEND] = [](Machine& m) { m.append_one(); };
    steps[APPENDS] = [](Machine& m) { m.append(m.pop_to_mark()); };
    steps[ADDITEMS] = [](Machine& m) { m.append(m.pop_to_mark()); };
    steps[SETITEM] = [](Machine& m) { m.set_one(); };
    steps[SETITEMS] = [](Machine& m) { m.set(m.pop_to_mark()); };
  }

  static constexpr void add_objects(Steps& steps) {
    steps[REDUCE] = [](Machine& m) { m.call(); };
    steps[NEWOBJ] = [](Machine& m) { m.call(); };
    steps[NEWOBJ_EX] = [](Machine& m) { m.call_with_keywords(); };
    steps[OBJ] = [](Machine& m) { m.construct(); };
    steps[INST] = [](Machine& m) { m.instance(); };
    steps[BUILD] = [](Machine& m) { m.build(); };
    steps[PUT] = [](Machine& m) { m.remember(m.number_line()); };
    steps[BINPUT] = [](Machine& m) { m.remember(m.read<std::uint8_t>()); };
    steps[LONG_BINPUT] = [](Machine& m) { m.remember(m.read<std::uint32_t>()); };
    steps[MEMOIZE] = [](Machine& m) { m.remember(m.remembered_); };
    steps[GET] = [](Machine& m) { m.recall(m.number_line()); };
    steps[BINGET] = [](Machine& m) { m.recall(m.read<std::uint8_t>()); };
    steps[LONG_BINGET] = [](Machine& m) { m.recall(m.read<std::uint32_t>()); };
    steps[PROTO] = [](Machine& m) { m.check_protocol(m.read<std::uint8_t>()); };
    steps[FRAME] = [](Machine& m) { m.check_frame(m.read<std::uint64_t>()); };
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
    const bool is_new = number >= memo_.size() || memo_[number].is_absent();
    if (is_new && (far_memo_.empty() || !far_memo_.contains(number))) ++remembered_;
    if (number == memo_.size()) return memo_.push_back(value);  // as nearly always
    if (number > memo_.size()) memo_.resize(number + 1, absent());
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
  [[noreturn]] void fail_opcode() const {
    fail(fmt::format("byte 0x{:02x} is no pickle opcode; is this a pickle at all?", opcode_));
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

Value Machine::run() {
  static constexpr Steps kSteps = all_steps();
  for (std::uint64_t steps = 0;; ++steps) {
    if (steps % kStepsBetweenStops == 0) throw_if_stopped();
    if (steps >= limits_.pickle_opcodes) fail_limit("opcodes", limits_.pickle_opcodes);
    if (stack_.size() + marks_.size() > limits_.pickle_stack) fail_limit("values on its stack", limits_.pickle_stack);
    opcode_at_ = in_.offset();
    opcode_ = in_.little<unsigned char>("the next opcode of a pickle");
    if (opcode_ == STOP) return pop();
    kSteps[opcode_](*this);
  }
}

Pickle::Pickle(std::string_view label, std::string_view bytes, const Limits& limits, std::uint64_t base)
    : nodes_(std::make_unique<Nodes>()) {
  Machine machine(label, bytes, limits, base, *nodes_);
  root_ = machine.run();
  size_ = bytes.size() - machine.bytes_left();
}

Pickle::~Pickle() = default;

const std::vector<std::string_view>& Pickle::globals() const { return nodes_->global_names; }

}  // namespace weigh::pickle
