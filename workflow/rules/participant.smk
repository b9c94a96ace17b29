# One job per person: all stages of all trials in one process, which runs what has changed.


rule participant_rows:
    output:
        f"{ROOT}/settings/participants/{{participant}}.json",
    localrule: True
    params:
        text=rows_text,
    message:
        "Rows of {wildcards.participant}"
    shell:
        "printf '%s\\n' {params.text:q} > {output:q}"


if VIRTUAL:

    rule virtual:
        input:
            library=str(GAIT_LIBRARY),
        output:
            touch(f"{DATA}/{{participant}}/.written"),
        log:
            f"{ROOT}/logs/virtual-{{participant}}.log",
        benchmark:
            f"{ROOT}/logs/virtual-{{participant}}.tsv"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            folder=str(STUDY_FILE.parent),
            version=aqbio.__version__,
        message:
            "Record virtual sprinter {wildcards.participant}"
        shell:
            "aqbio virtual {params.folder:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule participants:
    input:
        settings=sorted(
            {file for stage in PARTICIPANT_STAGES for file in settings_of(stage)}
        ),
        rows=sessions(f"{ROOT}/settings/participants/{{participant}}.json"),
        maps=MAP_FILES,
        models=generic_models,
        recordings=recordings,
        registry=REGISTRY_FILES,
    output:
        f"{ROOT}/participants/{{participant}}/stages.json",
    log:
        f"{ROOT}/logs/participants-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/participants-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "All stages of {wildcards.participant}"
    shell:
        "aqbio participants {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"
