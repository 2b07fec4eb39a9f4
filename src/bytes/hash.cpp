#include "bytes/hash.h"

#include <sys/auxv.h>

namespace weigh {

// The kernel hands every process sixteen random bytes.
std::uint64_t hash_seed() {
  std::uint64_t seed = 0;
  const auto* bytes = reinterpret_cast<const char*>(getauxval(AT_RANDOM));  // NOLINT(performance-no-int-to-ptr)
  if (bytes != nullptr) std::memcpy(&seed, bytes, sizeof(seed));
  return seed;
}

}  // namespace weigh
