# Once per study: tables, verdicts, figures and page, each of those before it.


rule study:
    input:
        participants=done(),
        before=stages_before,
    output:
        touch(stage_done("{stage}")),
    log:
        f"{ROOT}/logs/{{stage}}.log",
    benchmark:
        f"{ROOT}/logs/{{stage}}.tsv"
    threads: lambda wildcards: PROCESSES.get(wildcards.stage, 1)  # or as many as there are
    resources:
        mem_mb=memory(1500, each=1),
        runtime=minutes(60, each=0.1),
    params:
        study=str(STUDY_FILE),
    message:
        "Stage {wildcards.stage} of {STUDY.settings.name}"
    shell:
        "exec aqbio study {params.study:q} --stage {wildcards.stage} --cores {threads} > {log:q} 2>&1"
