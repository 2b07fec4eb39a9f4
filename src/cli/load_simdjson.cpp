// simdjson, loaded when JSON is first read. Linked as usual, its library is loaded at every start and brings libstdc++
// along: half of the time that the program takes for a PyTorch file, which holds no JSON. Of the library, what the
// header compiles into the readers needs two names by link; they are defined here, and the first looks for the
// library's own. Everything else is a virtual call of what that returns.
//
// In the program alone, where simdjson is a shared library: whoever links weigh::weigh links simdjson, too.
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <simdjson.h>

namespace simdjson {
namespace {

[[noreturn]] void fail(const char* why) {
  (void)std::fprintf(stderr, "weigh: %s cannot be used: %s\n", WEIGH_SIMDJSON, why);
  std::exit(2);
}

using GetImplementation = internal::atomic_ptr<const implementation>& (*)();

GetImplementation find_in_library() {
  void* library = dlopen(WEIGH_SIMDJSON, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) fail(dlerror());
  void* function = dlsym(library, "_ZN8simdjson25get_active_implementationEv");
  if (function == nullptr) fail("it is another version than the program was built with");
  return reinterpret_cast<GetImplementation>(function);
}

}  // namespace

internal::atomic_ptr<const implementation>& get_active_implementation() {
  static const GetImplementation found = find_in_library();
  return found();
}

namespace internal {

// Texts of errors. wire/json.cpp has its own, so these are never looked at.
extern const error_code_info error_codes[1];
const error_code_info error_codes[1] = {{SUCCESS, ""}};

}  // namespace internal
}  // namespace simdjson
