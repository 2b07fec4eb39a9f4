# Compiles misuse.cpp with COMPILER and FLAGS, which fails; each mistake has its explanation.
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} ${flags} -std=c++20 -fsyntax-only -fmax-errors=0 ${SOURCE} RESULT_VARIABLE code
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT code)
  message(FATAL_ERROR "misuse.cpp compiles")
endif()
foreach(explanation
    "weigh::summarize takes a torch::nn::Module, its holder"
    "the number or the types of the inputs are not those of"
    "a forward may change its module, and this one is const"
    "the Summary belongs to this ModelSummary, which ends with the statement"
    "the Model belongs to this ModelSummary, which ends with the statement"
    "a Trainer runs modules that derive from weigh::lightning::LightningModule<Batch>"
    "a Trainer runs a LightningModule, its holder or a std::shared_ptr to it"
    "a loader is a range of batches"
    "the loader gives other batches than the Batch of the LightningModule<Batch>"
    "configure_optimizers returns std::shared_ptrs to torch::optim::Optimizer"
    "the module has no constructor for these arguments")
  string(FIND "${output}" "${explanation}" found)
  if(found EQUAL -1)
    message(SEND_ERROR "no error says: ${explanation}\n${output}")
  endif()
endforeach()
