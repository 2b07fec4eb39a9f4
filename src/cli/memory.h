// How the program's heap is backed.
#pragma once

namespace weigh::cli {

// Asks for large pages behind the heap. The header of a large model becomes a hundred megabytes of small values that
// are written once: with pages of 4 KiB, most of the time goes into the system's handing them out one by one. Costs
// nothing that is not used; where the system has no large pages, or is not glibc's, nothing changes.
void prefer_large_pages();

}  // namespace weigh::cli
