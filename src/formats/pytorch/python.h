// How Python's objects look in a pickle: the few patterns that torch's and its users' objects follow.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wire/pickle.h"

namespace weigh::pytorch {

using pickle::Entries;
using pickle::Kind;
using pickle::Value;

// The global that an object calls or is an instance of: "torch._utils _rebuild_tensor_v2", "models GAT". Looks through
// copyreg's helpers and the legacy form's ('module', class, file, source). "" where it is none.
std::string_view class_of(Value object);
// "torch.nn.modules.linear Linear" -> "Linear"; "models Outer.Inner" -> "Inner".
std::string_view short_class_name(std::string_view global);
// "models GAT" -> "models.GAT", for messages.
std::string dotted(std::string_view global);

// The arguments of a call; empty for everything else.
std::span<const Value> arguments_of(Value object);
// Pairs of a dict, an OrderedDict or another subclass; empty for everything else.
Entries mapping_entries(Value value);
bool is_mapping(Value value);
// Elements of a list, tuple, set or a subclass that was appended to.
std::span<const Value> sequence_items(Value value);
// __dict__ of an instance, as BUILD restored it; the first half where it came with __slots__.
Entries attributes_of(Value object);

Value attribute(Value object, std::string_view name);
// Defaults where the attribute is missing or of another type.
std::int64_t integer_or(Value value, std::int64_t otherwise);
bool boolean_or(Value value, bool otherwise);

}  // namespace weigh::pytorch
