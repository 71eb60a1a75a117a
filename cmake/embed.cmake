# hello_embed(TARGET): compiles every file of templates/ and src/server/site/assets/, and the tables of the API, into TARGET, as the
# table of hello/embedded.h. Names are relative: "templates/deployment.yaml", "assets/page.html".
set(HELLO_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed-files.cmake)
function(hello_embed target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/templates/* ${CMAKE_SOURCE_DIR}/src/server/site/assets/* ${CMAKE_SOURCE_DIR}/src/manifest/*.txt)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DSOURCE=${CMAKE_SOURCE_DIR}" "-DFILES=${files}" -P ${HELLO_EMBED_SCRIPT}
    DEPENDS ${files} ${HELLO_EMBED_SCRIPT} VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
