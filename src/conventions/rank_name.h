// Names of files that ranks wrote: numbers between fixed texts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// The numbers of a name as "zero_pp_rank_#_mp_rank_#_optim_states.pt", where # stands for digits; nothing where the
// name is not of that form.
std::optional<std::vector<std::uint64_t>> numbers_in(std::string_view name, std::string_view pattern);

// "ranks 0, 1 and 3 of 4", "rank 0 of 1", "ranks 0 to 6 of 8": those below `all` that are there.
std::string ranks_text(const std::vector<std::uint64_t>& there, std::uint64_t all);

}  // namespace weigh
