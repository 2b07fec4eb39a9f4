// weigh/plan.h.
#include "weigh/plan.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/choice.h"

#include "weigh/error.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

CacheElement element_of(const std::string& name) {
  if (const std::optional<CacheElement> known = cache_element(name)) return *known;
  std::string names;
  for (const std::string_view one : cache_element_names()) names += (names.empty() ? "" : ", ") + std::string(one);
  throw Error(ErrorKind::usage, "", "keys and values are not stored as '" + name + "'; there are " + names);
}

Plan plan_of(const Summary& summary, bool train, std::string weights, std::optional<std::uint64_t> context,
             std::uint64_t batch, const std::optional<std::string>& kv_dtype,
             const std::optional<std::string>& precision, std::string optimizer, bool master_weights,
             bool checkpointing, unsigned zero, std::optional<std::uint64_t> lora,
             std::vector<std::string> lora_targets, std::optional<std::uint64_t> data_parallel,
             std::optional<std::uint64_t> tensor_parallel, std::uint64_t pipeline_parallel,
             std::uint64_t expert_parallel, const std::optional<std::string>& device,
             const std::optional<std::vector<std::uint64_t>>& kept, bool kept_all) {
  const nb::gil_scoped_release others_may_run;
  PlanOptions options;
  options.train = train;
  options.weights = std::move(weights);
  options.cache.context = context;
  options.cache.batch = batch;
  if (kv_dtype) options.cache.element = element_of(*kv_dtype);
  if (precision) options.precision = precision_from(*precision);
  options.optimizer = std::move(optimizer);
  options.master_weights = master_weights;
  options.checkpointing = checkpointing;
  options.zero = zero;
  if (lora || !lora_targets.empty()) options.lora = Lora{lora.value_or(0), std::move(lora_targets)};
  options.data_parallel = data_parallel;
  options.tensor_parallel = tensor_parallel;
  options.pipeline_parallel = pipeline_parallel;
  options.expert_parallel = expert_parallel;
  if (device) options.machine = machine_from(*device);
  for (const std::uint64_t bytes : kept.value_or(std::vector<std::uint64_t>()))
    options.kept.push_back(kept_all ? Count(bytes) : Count(bytes) + Count::unknown());
  return plan(summary, options);
}

std::string text_of(const Plan& plan, const std::string& format, bool exact, bool unicode, unsigned width, bool color) {
  static const std::map<std::string, RenderFormat> formats = {{"table", RenderFormat::table},
                                                              {"json", RenderFormat::json},
                                                              {"markdown", RenderFormat::markdown},
                                                              {"html_table", RenderFormat::html_table}};
  RenderOptions options;
  options.format = chosen(formats, format, "format");
  options.exact = exact;
  options.unicode = unicode;
  options.width = width;
  options.color = color;
  return render(plan, options);
}

void bind_verdict(nb::module_& module) {
  nb::class_<Verdict>(module, "Verdict", "Whether a plan fits a machine, by what is counted, and what would.")
      .def_prop_ro("device", [](const Verdict& one) { return one.machine.device; })
      .def_prop_ro(
          "device_bytes", [](const Verdict& one) { return one.machine.bytes; }, "Of one device.")
      .def_prop_ro(
          "count", [](const Verdict& one) { return one.machine.count; }, "Of devices.")
      .def_ro("fits", &Verdict::fits)
      .def_ro("left", &Verdict::left, "Bytes on each device for what is not counted, where it fits.")
      .def_ro("lacking", &Verdict::lacking, "Bytes on each device, where it does not fit.")
      .def_ro("fewest_devices", &Verdict::devices, "That hold it, shared in the way that was asked for, or None.")
      .def_ro("longest_context", &Verdict::context, "At this batch; None where nothing counted grows with it.")
      .def_ro("largest_batch", &Verdict::batch, "At this context; None where nothing counted grows with it.");
}

void bind_line(nb::module_& module) {
  nb::class_<PlanLine>(module, "PlanLine", "What takes how much memory, and how that is known.")
      .def_ro("what", &PlanLine::what, "'weights', 'gradients', …")
      .def_prop_ro(
          "bytes", [](const PlanLine& line) { return line.bytes.known(); }, "Of the whole model, once.")
      .def_prop_ro(
          "bytes_on_each", [](const PlanLine& line) { return line.on_each.known(); }, "On the device that holds most.")
      .def_prop_ro(
          "exact", [](const PlanLine& line) { return line.bytes.is_exact() && !line.is_at_most; }, "False: a bound.")
      .def_ro("how", &PlanLine::how, "The formula, with its numbers.")
      .def_prop_ro("evidence", [](const PlanLine& line) { return std::string(name(line.evidence)); });
}

}  // namespace

void bind_plan(nb::module_& module) {
  bind_line(module);
  bind_verdict(module);
  nb::class_<Plan> plan(module, "Plan", "How much memory a model takes, line by line.");
  plan.def_ro("source", &Plan::source)
      .def_prop_ro(
          "purpose", [](const Plan& one) { return one.train ? "train" : "serve"; }, "'serve' or 'train'.")
      .def_ro("devices", &Plan::devices)
      .def_ro("lines", &Plan::lines)
      .def_prop_ro(
          "bytes", [](const Plan& one) { return one.bytes.known(); }, "Sum of the lines.")
      .def_prop_ro(
          "bytes_on_each", [](const Plan& one) { return one.on_each.known(); }, "On the device that holds most.")
      .def_prop_ro("exact", &Plan::is_exact, "False: the sum is a lower bound, and `not_counted` says why.")
      .def_ro("not_counted", &Plan::not_counted, "What is not in the sum, a sentence each.")
      .def_ro("machine", &Plan::verdict, "Whether it fits `device`; None where none was asked for.")
      .def("render", &text_of, "format"_a = "table", nb::kw_only(), "exact"_a = false, "unicode"_a = true,
           "width"_a = 0, "color"_a = false, "As text: table, json, markdown or html_table.")
      .def(
          "to_json", [](const Plan& one) { return text_of(one, "json", false, true, 0, false); },
          "Everything, as docs/plan.md says.")
      .def("__repr__", [](const Plan& one) { return text_of(one, "table", false, true, 0, false); })
      .def("_repr_html_", [](const Plan& one) { return text_of(one, "html_table", false, true, 0, false); });
  for (const char* name : {"to_dict", "__rich__"})
    plan.def(name, [name](nb::object self) { return nb::module_::import_("weighbridge._convert").attr(name)(self); });
  module.def("plan", &plan_of, "summary"_a, nb::kw_only(), "train"_a = false, "weights"_a = "",
             "context"_a.none() = nb::none(), "batch"_a = 1, "kv_dtype"_a.none() = nb::none(),
             "precision"_a.none() = nb::none(), "optimizer"_a = "", "master_weights"_a = false,
             "checkpointing"_a = false, "zero"_a = 0, "lora"_a.none() = nb::none(),
             "lora_targets"_a = std::vector<std::string>(), "data_parallel"_a.none() = nb::none(),
             "tensor_parallel"_a.none() = nb::none(), "pipeline_parallel"_a = 1, "expert_parallel"_a = 1,
             "device"_a.none() = nb::none(), "kept"_a.none() = nb::none(), "kept_all"_a = true);
}

}  // namespace weigh::python
