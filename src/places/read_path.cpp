#include <chrono>
#include <filesystem>
#include <future>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "bytes/folder.h"
#include "bytes/stop.h"
#include "places/adapter.h"

#include "weigh/read.h"
#include "weigh/read_meanwhile.h"

namespace weigh {

Model read(const std::string& path, const ReadOptions& options) {
  namespace fs = std::filesystem;
  std::error_code ignored;  // what does not exist is opened as a file, which says why it cannot be
  const std::size_t slash = path.rfind('/');
  const bool is_folder = fs::is_directory(path, ignored);
  const std::string folder = is_folder                    ? path
                             : slash == std::string::npos ? ""
                                                          : path.substr(0, std::max<std::size_t>(slash, 1));
  Model model = read(*open_folder(folder), is_folder ? "" : path.substr(slash + 1), options);
  find_base(folder, options, model);
  return model;
}

Model read_meanwhile(const std::string& path, const std::function<void()>& meanwhile, const ReadOptions& options) {
  constexpr std::chrono::milliseconds kPause{50};
  std::packaged_task<Model()> task([&] { return read(path, options); });
  std::future<Model> model = task.get_future();
  // Whatever leaves this scope asks it to stop and waits for it.
  const std::jthread thread([&task](const std::stop_token& stop) {
    const StopScope scope(&stop);
    task();
  });
  while (model.wait_for(kPause) != std::future_status::ready) meanwhile();
  return model.get();
}

}  // namespace weigh
