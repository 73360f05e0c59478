# The commit is known at configure time: from the work tree, or told by who builds without one (CAA_COMMIT).
set(CAA_COMMIT "unknown")
if(DEFINED ENV{CAA_COMMIT})
  set(CAA_COMMIT $ENV{CAA_COMMIT})
elseif(EXISTS ${PROJECT_SOURCE_DIR}/.git)
  find_package(Git QUIET)
  if(Git_FOUND)
    execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short=12 HEAD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                    OUTPUT_VARIABLE CAA_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
endif()
