// A way to members of libtorch's classes that are private and have no setter. Explicit instantiation may name them
// (C++20, [temp.spec.general]):
//   struct Training { using Type = bool torch::nn::Module::*; friend Type member_of(Training); };
//   template struct PrivateMember<Training, &torch::nn::Module::is_training_>;
//   module.*member_of(Training()) = false;
#pragma once

namespace weigh::dry_run {

template <class Tag, typename Tag::Type kMember>
struct PrivateMember {
  friend typename Tag::Type member_of(Tag /*tag*/) { return kMember; }
};

}  // namespace weigh::dry_run
