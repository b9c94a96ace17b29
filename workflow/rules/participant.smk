# One job per participant and stage: all its trials in one process, one after another.


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


rule prepare:
    input:
        settings=settings_of("prepare"),
        rows=rules.participant_rows.output,
        maps=MAP_FILES,
        recordings=recordings,
    output:
        f"{ROOT}/participants/{{participant}}/prepare.json",
    log:
        f"{ROOT}/logs/prepare-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/prepare-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Prepare the recordings of {wildcards.participant}"
    shell:
        "aqbio prepare {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule scale:
    input:
        prepared=sessions("participants/{participant}/prepare.json"),
        settings=settings_of("scale"),
        rows=sessions("settings/participants/{participant}.json"),
        maps=MAP_FILES,
        model=generic_model,
    output:
        f"{ROOT}/participants/{{participant}}/scale.json",
    log:
        f"{ROOT}/logs/scale-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/scale-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Scale the model of {wildcards.participant}"
    shell:
        "aqbio scale {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule solve:
    input:
        prepared=rules.prepare.output,
        scaled=rules.scale.output,
        settings=settings_of("solve"),
    output:
        f"{ROOT}/participants/{{participant}}/solve.json",
    log:
        f"{ROOT}/logs/solve-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/solve-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Solve the motion of {wildcards.participant}"
    shell:
        "aqbio solve {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule consistency:
    input:
        prepared=rules.prepare.output,
        scaled=rules.scale.output,
        solved=rules.solve.output,
        settings=settings_of("consistency"),
    output:
        f"{ROOT}/participants/{{participant}}/consistency.json",
    log:
        f"{ROOT}/logs/consistency-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/consistency-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Make motion, forces and body of {wildcards.participant} consistent"
    shell:
        "aqbio consistency {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule contributions:
    input:
        prepared=rules.prepare.output,
        solved=rules.solve.output,
        consistent=rules.consistency.output,
        settings=settings_of("contributions"),
    output:
        f"{ROOT}/participants/{{participant}}/contributions.json",
    log:
        f"{ROOT}/logs/contributions-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/contributions-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Contributions of {wildcards.participant}"
    shell:
        "aqbio contributions {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule steps:
    input:
        prepared=rules.prepare.output,
        solved=rules.solve.output,
        consistent=rules.consistency.output,
        contributions=rules.contributions.output,
        registry=REGISTRY_FILES,
        settings=settings_of("steps"),
    output:
        f"{ROOT}/participants/{{participant}}/steps.json",
    log:
        f"{ROOT}/logs/steps-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/steps-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Steps of {wildcards.participant}"
    shell:
        "aqbio steps {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule evidence:
    input:
        prepared=rules.prepare.output,
        solved=rules.solve.output,
        consistent=rules.consistency.output,
        contributions=rules.contributions.output,
        # which contacts are steps follows its own settings: the limits of quality do not
        steps=ancient(rules.steps.output),
        settings=settings_of("evidence"),
    output:
        f"{ROOT}/participants/{{participant}}/evidence.json",
    log:
        f"{ROOT}/logs/evidence-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/evidence-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Evidence of {wildcards.participant}"
    shell:
        "aqbio evidence {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"
