#include "cli/memory.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace weigh::cli {
namespace {

// What most models need. Larger blocks are had from the system one by one and given back, in pages of 4 KiB: where a
// virtual machine gives unused memory back to its host, a large page may cost several times as much as its small ones.
constexpr std::size_t kHeap = std::size_t{40} << 20;
constexpr std::uintptr_t kLargePage = std::uintptr_t{2} << 20;
constexpr std::uintptr_t kPage = 4096;
constexpr std::size_t kFirst = std::size_t{256} << 10;
constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, of Linux 5.14: unknown to older systems, which refuse it
constexpr std::uintptr_t kSmall = 6 * kLargePage;  // what a small model needs: clearing a large page would cost it more

}  // namespace

void prefer_large_pages() {
  // Where the space of addresses is limited, a large heap would be refused, and what it is for with it.
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA})
    if (rlimit limit{}; getrlimit(resource, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return;
  // As many heaps as threads read ahead: of one, each would wait for the others. They are not given back before the
  // end.
  if (mallopt(M_ARENA_MAX, 4) == 0 || mallopt(M_MMAP_THRESHOLD, 4 << 20) == 0 ||
      mallopt(M_TRIM_THRESHOLD, INT32_MAX) == 0 || mallopt(M_TOP_PAD, kHeap) == 0)
    return;
  auto* heap = static_cast<char*>(std::malloc(std::size_t{1} << 20));  // makes it grow
  const auto address = reinterpret_cast<std::uintptr_t>(heap);
  char* begin = heap + ((address + kSmall) / kLargePage * kLargePage - address);
  // The first pages, which the smallest model needs, at once: one by one they take as long as weighing it.
  char* first = heap - address % kPage;
  madvise(first, kFirst, kPopulateWrite);
  const auto* end = static_cast<const char*>(sbrk(0));
  if (begin < end && end - begin <= 2 * static_cast<std::ptrdiff_t>(kHeap))
    madvise(begin, static_cast<std::size_t>(end - begin), MADV_HUGEPAGE);
  std::free(heap);
}

}  // namespace weigh::cli
