// The whole message of what a call throws.
#pragma once

#include <exception>
#include <string>

#include "weigh/error.h"

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const weigh::Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "nothing thrown";
}
