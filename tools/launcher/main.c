/* An interpreter that runs the archive at its own end, and looks at nothing else: no environment, no site, no files. */
#include <Python.h>
#include <unistd.h>

static void check(PyStatus status)
{
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
}

int main(int argc, char **argv)
{
    static char self[4096];
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) {
        fputs("fluent-launch: cannot find itself: /proc is not mounted; fix: mount it\n", stderr);
        return 126;
    }

    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1; /* there is no locale */
    check(Py_PreInitialize(&before));

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.install_signal_handlers = 0;
    config.parse_argv = 0; /* all arguments are the launcher's */
    config.pathconfig_warnings = 0;
    config.module_search_paths_set = 1;
    check(PyConfig_SetBytesString(&config, &config.program_name, self));
    check(PyConfig_SetBytesString(&config, &config.executable, self));
    check(PyConfig_SetBytesString(&config, &config.base_executable, self));
    check(PyConfig_SetBytesString(&config, &config.run_filename, self)); /* its __main__ */
    check(PyConfig_SetString(&config, &config.prefix, L"/"));
    check(PyConfig_SetString(&config, &config.exec_prefix, L"/"));
    check(PyConfig_SetString(&config, &config.base_prefix, L"/"));
    check(PyConfig_SetString(&config, &config.base_exec_prefix, L"/"));
    check(PyWideStringList_Append(&config.module_search_paths, config.executable));
    check(PyConfig_SetBytesArgv(&config, argc, argv));
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return Py_RunMain();
}
